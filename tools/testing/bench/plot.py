# SPDX-License-Identifier: GPL-2.0
"""The figures as a picture: for each case how many times faster than each other target."""

BAR, GAP, LEFT, WIDTH, TOP = 9, 8, 190, 560, 50
COLOURS = {"iscsi_target_mod": "#2563a8", "nvmet-tcp": "#b4511e", "tgt": "#8a8f98"}


def text(x, y, content, anchor="start", size=11):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">'
            f"{content}</text>")


def bar(y, length, colour):
    return (f'<rect x="{LEFT}" y="{y:.1f}" width="{length:.1f}" height="{BAR}" '
            f'fill="{colour}"/>')


def svg(rows):
    """rows: [(case, {other target: ratio or None}, ratio to reach)]"""
    top = max(value for _name, ratios, _least in rows for value in ratios.values() if value)
    scale = WIDTH / top
    out, y = [], TOP
    for name, ratios, least in rows:
        began = y
        for peer, colour in COLOURS.items():
            if ratios.get(peer):
                out.append(bar(y, ratios[peer] * scale, colour))
                out.append(text(LEFT + ratios[peer] * scale + 4, y + BAR - 1,
                                f"{ratios[peer]:.2f}", size=9))
                y += BAR + 1
        out.append(text(LEFT - 8, (began + y) / 2 + 4, name, "end"))
        out.append(f'<path d="M{LEFT + least * scale:.1f} {began - 2}v{BAR + 4}" '
                   'stroke="#111" stroke-width="2"/>')
        y += GAP
    head = [text(LEFT, 16, "tcm_iscsi, times as fast as", size=13)]
    x = LEFT
    for peer, colour in COLOURS.items():
        head += [f'<rect x="{x}" y="24" width="{BAR}" height="{BAR}" fill="{colour}"/>',
                 text(x + BAR + 4, 32, peer)]
        x += 130
    head.append(text(x, 32, "| to be reached"))
    head.append(f'<path d="M{LEFT + scale:.1f} {TOP - 8}V{y}" stroke="#999" '
                'stroke-dasharray="3 3"/>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 60}" height="{y}" '
            'font-family="sans-serif">\n<rect width="100%" height="100%" fill="#fff"/>\n' +
            "\n".join(head + out) + "\n</svg>\n")
