"""GSM modems that send and take short messages in PDU mode (3GPP TS 27.005 over 3GPP TS 23.040)."""
