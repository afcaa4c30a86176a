"""The executable specification of what five PyTorch tutorials promise."""
