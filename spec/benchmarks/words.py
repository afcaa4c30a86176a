"""Measurements in words, for the table and the page; it takes no torch."""


def hardware(found):
    """Return what was measured on, and how, as one sentence."""
    names = ["{} ({} processors{})".format(
        one["name"], one["cores"], ", {:.0f} MHz".format(one["mhz"]) if one.get("mhz") else "")
        if device == "cpu" else "{} as {}".format(one["name"], device)
        for device, one in sorted(found["hardware"].items(), key=lambda pair: (pair[0] != "cpu", pair[0]))]
    threads = "1 thread" if found["threads"] == 1 else "{} threads".format(found["threads"])
    return "torch {}{} on {}, {}.".format(
        found["torch"], " and TensorFlow {}".format(found["tensorflow"]) if found["tensorflow"] else "",
        " and ".join(names), threads)


def number(value):
    """Write a ratio with three digits: 0.897, 1.27, 49.8, 1340."""
    digits = 0
    while digits < 3 and abs(value) * 10**digits < 99.95:
        digits += 1
    return "{:.{}f}".format(value, digits)
