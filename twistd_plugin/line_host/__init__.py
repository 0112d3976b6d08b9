"""``twistd callcenter-linehost``: serves phone boxes at another computer than the call center's."""
