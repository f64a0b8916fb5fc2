# SPDX-License-Identifier: GPL-2.0
"""What is written into files: values that every file gets, and those at the limits
of its kind."""

GARBAGE = (
    b"", b"\n", b"\n\n", b" ", b"\t\n", b"\0", b"x", b"x\n", b"X1", b"1x", b"1.0", b"1e0", b"1,2",
    b"1;", b"1 2", b"+", b"-", b"0x", b"0x\n", b"0xg", b"08", b"0b1", b"=", b"1=2", b"a=b",
    b"\xff\xfe", b"\xc3\xa4", b"%s%n", b"../..", b"\x1b[0m", b"a\nb", b"a b")
WORDS = (
    b"Yes", b"yes", b"YES", b"No", b"no", b"y", b"n", b"on", b"off", b"true", b"True", b"false",
    b"t", b"f", b"None", b"none", b"NULL", b"NULL\n", b"NULLx", b"null", b" NULL",
    b"Irrelevant", b"Reject", b"NotUnderstood", b"Irrelevant\n", b"irrelevant", b"all")
NUMBERS = (
    b"0", b"1", b"2", b"3", b"-0", b"-1", b"-2", b"+0", b"+1", b"0\n", b"1\n", b"1\n\n", b"\n1",
    b" 1", b"1 ", b"1\t", b"1\r\n", b"1\0", b"1\0x", b"1\n\0", b"00", b"01", b"0x0", b"0x1", b"0X1",
    b"0x00000001", b"00000000000000000001", b"255", b"256", b"257", b"32767", b"32768", b"65535",
    b"65536", b"65537", b"2147483647", b"2147483648", b"-2147483648", b"-2147483649",
    b"4294967295", b"4294967296", b"4294967297", b"9223372036854775808",
    b"18446744073709551615", b"18446744073709551616", b"18446744073709551617", b"9" * 40)
LENGTHS = (63, 64, 65, 222, 223, 224, 225, 254, 255, 256, 257, 300, 1024, 4094, 4095, 4096, 5000)
LONG = tuple(b"a" * length for length in LENGTHS) + (b"a" * 254 + b"\n", b"a" * 255 + b"\n",
                                                     b"a" * 62 + b"\n", b"a" * 63 + b"\n",
                                                     b"NULL" + b"a" * 300, b"1" * 255, b"1" * 256,
                                                     b"0" * 255 + b"1", b"\n" * 300, b" " * 300)
COMMON = GARBAGE + WORDS + NUMBERS + LONG

# What stands for the rest where time is short.
FEW = (b"", b"\n", b"x", b"0", b"1\n", b"1\n\n", b"-1", b"2", b"0x1", b"010", b"NULL", b"Yes",
       b"4294967296", b"18446744073709551616", b"a" * 255, b"a" * 256, b"a" * 4094)


def unique(values):
    return tuple(dict.fromkeys(values))


def spelled(number):
    """A number in the ways to write it that are told apart somewhere."""
    text = b"%d" % number
    ways = [text, text + b"\n", text + b"\n\n", text + b" ", b" " + text, text + b"x"]
    if number >= 0:
        ways += [b"0x%x" % number, b"0X%X" % number, b"0%o" % number, b"+" + text, b"000" + text,
                 b"0x%x\n" % number, text + b"," + text]
    return ways


def number(low, high, *more):
    """The limits, what is next to them, and what they are after 32 and 64 bits."""
    found = []
    for value in dict.fromkeys((low - 1, low, low + 1, (low + high) // 2, high - 1, high, high + 1,
                                *more)):
        found += spelled(value)
        found += [b"%d" % (value + (1 << 32)), b"%d" % (value + (1 << 64)), b"-%d" % abs(value)]
    return unique(found)


def words(*texts):
    """Each as it is, with newlines and blanks, in the wrong case, twice, cut, in lists."""
    found = []
    for text in texts:
        found += [text, text + b"\n", text + b"\n\n", text + b" ", b" " + text, text + b"\t",
                  text.lower(), text.upper(), text + text, text[:-1], text + b",", b"," + text,
                  text + b"," + text, text + b",x", b"x," + text, text + b", " + text]
    found += [b",".join(texts), b",".join(reversed(texts)), b", ".join(texts), b",", b",,",
              b",".join(texts) + b"\n", b",".join(texts * 40)]
    return unique(found)


def booleans():
    """For kstrtobool, which looks at the first characters."""
    return tuple(b"1 0 y n Y N t f T F on off oN oF ON OFF onx offx o yes no true false 10 01 y0"
                 .split()) + (b"on\n", b"1 0", b"\n1", b"1\0")


def cpu_lists():
    return tuple(b"0 0-0 0,0 0, ,0 0-1 1-0 0- -0 0-x 0-3:1/2 0-3:2/1 0-3:0/1 all N 0-N 1 1-1 2 3 7 "
                 b"8 63 64 255 1023 8191 8192 65536 0,1 0-1\n 0x0 0x1 0,8191".split()) + \
        (b"0\n", b"0\n\n", b"0 ", b" 0", b"0 1", b"0\n1", b",", b",,", b"0-0,0-0")


def ranges():
    return tuple(b"1~1 1~65535 0~1 1~65536 1~0 2~1 ~ 1~ ~1 1~2~3 2048~8192 1,2 1~2,3~4 x~y 1~x "
                 b"1~2x 0x1~0x2 -1~1 65535~65535 65536~65536 1-2".split()) + \
        (b"1~2\n", b"1 ~2", b"1~ 2", b"1~2\n\n")


def names(*texts):
    """Names of things that are there, and nearly."""
    found = []
    for text in texts:
        found += [text, text + b"\n", text + b"\n\n", text + b" ", b" " + text, text[:-1],
                  text + b"x", text.upper()]
    return unique(found)


def secrets():
    """Strings that are kept as they are."""
    return tuple(b"s" * length for length in (1, 11, 12, 16, 254, 255, 256, 257)) + \
        (b"secret\n", b"secret\n\n", b" secret ", b"sec ret", b"sec\nret", b"sec\0ret", b"NULL ",
         b"NUL", b"NULLNULL", b"0x1234", b"s" * 254 + b"\n", b"s" * 255 + b"\n",
         b"\xc3\xa4\xc3\xb6")
