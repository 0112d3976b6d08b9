"""Makes ``twistd callcenter`` known to Twisted."""

from twisted.application.service import ServiceMaker

callcenter = ServiceMaker(
    "Huifang call center",
    "twistd_plugin.service",
    "Call center, follow-up and CRM server for hospitals",
    "callcenter",
)
