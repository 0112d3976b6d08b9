"""Makes ``twistd callcenter-linehost`` known to Twisted."""

from twisted.application.service import ServiceMaker

line_host = ServiceMaker(
    "Huifang line host",
    "twistd_plugin.line_host.service",
    "Serves the phone boxes of this computer to a call center elsewhere",
    "callcenter-linehost",
)
