# SPDX-License-Identifier: GPL-2.0
"""tcm_iscsi(4) has every parameter of the module, every file that it makes in configfs
and every key that it negotiates, with range and default: what the page says between
parentheses is compared with what follows from the tables in the code."""

import re

PAGE = "tools/man/tcm_iscsi.4"
README = "README"
MAIN = "kmod/main.c"
ATTRIB, NACL, PARAMS = "kmod/tcm/attrib.c", "kmod/tcm/nacl.c", "kmod/tcm/params.c"
AUTH, ROOT, NP, STAT = ("kmod/tcm/auth.c", "kmod/tcm/root_cfg.c", "kmod/tcm/np_cfg.c",
                        "kmod/tcm/stat_cfg.c")
INFO, TPG, KEYS = "kmod/tcm/info.c", "kmod/tcm/target_cfg.c", "kmod/core/keys.c"
# Where limits of keys come from.
CONSTANTS = ("include/tcm_iscsi/limits.h", "include/tcm_iscsi/nego.h")
SOURCES = (MAIN, ATTRIB, NACL, PARAMS, AUTH, ROOT, NP, STAT, INFO, TPG, KEYS)

STATS = "iscsi/TARGET/fabric_statistics/"
GROUP = "iscsi/TARGET/tpgt_N"
ACL = GROUP + "/acls/INITIATOR"
# Section of the page -> where the array of its files is.
FILES = {
    "iscsi": (ROOT, "tiscsi_root_attrs"),
    "iscsi/discovery_auth": (AUTH, "tiscsi_discovery_attrs"),
    STATS + "iscsi_instance": (STAT, "inst_attrs"),
    STATS + "iscsi_sess_err": (STAT, "err_attrs"),
    STATS + "iscsi_tgt_attr": (STAT, "tgt_attrs"),
    STATS + "iscsi_login_stats": (STAT, "login_attrs"),
    STATS + "iscsi_logout_stats": (STAT, "logout_attrs"),
    GROUP: (TPG, "tiscsi_tpg_base_attrs"),
    GROUP + "/attrib": (ATTRIB, "tiscsi_tpg_attrib_attrs"),
    GROUP + "/auth": (AUTH, "tiscsi_tpg_auth_attrs"),
    GROUP + "/param": (PARAMS, "tiscsi_tpg_param_attrs"),
    GROUP + "/np/ADDRESS:PORT": (NP, "tiscsi_np_attrs"),
    ACL: (NACL, "tiscsi_nacl_base_attrs"),
    ACL + "/attrib": (NACL, "tiscsi_nacl_attrib_attrs"),
    ACL + "/auth": (AUTH, "tiscsi_nacl_auth_attrs"),
    ACL + "/param": (INFO, "tiscsi_nacl_param_attrs"),
    ACL + "/fabric_statistics/iscsi_sess_stats": (INFO, "stats_attrs"),
}
# What no table says, because a function of the file's own decides.
OWN = {
    ("iscsi", "cpus_allowed_list"): "list of processors; default all",
    ("iscsi/discovery_auth", "enforce_discovery_auth"): "0 or 1; default 0",
    (GROUP + "/attrib", "fabric_prot_type"): "0, 1 or 3; default 0",
    (GROUP + "/np/ADDRESS:PORT", "iser"): "0; default 0",
    (GROUP + "/np/ADDRESS:PORT", "cxgbit"): "0; default 0",
    (ACL, "cmdsn_depth"): "0 to 512",
    (ACL, "tag"): "text; default empty",
    (ACL + "/attrib", "authentication"): "-1 to 1; default -1",
}


class Unreadable(Exception):
    """A table is not written as it was when this was; the text says which."""


def find(text, pattern, what):
    match = re.search(pattern, text, re.S)
    if not match:
        raise Unreadable(f"no {what} is found; teach checks/manual.py how it is written now")
    return match


# --- the page ------------------------------------------------------------------

def words(line):
    """Arguments of a macro, without roff's escapes."""
    found = [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|(\S+)', line)]
    return [word.replace("\\-", "-") for word in found]


def entries(text):
    """{section: {name: what is between the parentheses}} and complaints."""
    found, complaints = {}, []
    section = ""
    tagged = False
    for number, line in enumerate(text.splitlines(), 1):
        macro, _, rest = line.partition(" ")
        if macro in (".SH", ".SS"):
            section = rest
        elif tagged and macro == ".BR":
            parts = words(rest)
            spec = re.fullmatch(r" \((.*)\)", parts[-1])
            names = [part for part in parts if part != ", "][:-1 if spec else None]
            for name in names:
                if name in found.setdefault(section, {}):
                    complaints.append(f"{PAGE}:{number}: {name} is in '{section}' twice")
                found[section][name] = spec[1] if spec else ""
        elif tagged:
            complaints.append(f"{PAGE}:{number}: .BR, names and what they take are wanted")
        tagged = macro == ".TP"
    return found, complaints


# --- the code -----------------------------------------------------------------

def range_text(low, high, zero=False):
    if (low, high) == (0, 1):
        return "0 or 1"
    return f"{'0, ' if zero else ''}{low} to {high}"


def defaults(text, function):
    """Designated initialisers in a function."""
    body = find(text, re.escape(function) + r"\(.*?\n\{(.*?)\n\}", function)[1]
    return dict(re.findall(r"\.(\w+) = ([^,]+),", body))


def listed(text, array):
    """Names of the variables in an array of attributes."""
    body = find(text, r"\b" + array + r"\[\] = \{(.*?)\};", array)[1]
    return re.findall(r"&(\w+)", body)


def tree_defaults(tree, path):
    """{attribute: (range, default)} of ATTRIB() in a file."""
    text = tree.text(path)
    initial = defaults(text, {ATTRIB: "tiscsi_tpg_attrib_init",
                              NACL: "tiscsi_op_default_node_attributes"}[path])
    found = {}
    for name, values in re.findall(r"^ATTRIB(?:_MODE)?\((\w+), (.*?)\);$", text, re.M):
        values = [value.strip() for value in values.split(",")]
        numbers = [int(value) for value in values if re.fullmatch(r"\d+", value)]
        default = initial.get(name, "0")
        spec = range_text(*numbers, zero=values[-1] == "true")
        # What is taken over from the portal group is not a default of its own.
        found[name] = f"{spec}; default {default}" if re.fullmatch(r"-?\d+", default) else spec
    return found


def parameters(tree):
    """{key: what param/ takes}"""
    text = tree.text(PARAMS)
    kinds = {"BOOL": "Yes or No", "TEXT": "text", "INTERVAL": "text"}
    for kind, array in (("METHODS", "auth_methods"), ("DIGESTS", "digests")):
        body = find(text, array + r"\[\] = \{(.*?)\};", array)[1]
        kinds[kind] = "list of " + ", ".join(re.findall(r'"(\w+)"', body))
    rows = re.findall(r'\[(TISCSI_PARAM_\w+)\]\s*= \{ PARAM_(\w+), (?:(\d+), (\d+), )?'
                      r'(?:\.init = )?"([^"]*)" \}', text)
    by_id = {row: f"{kinds.get(kind) or range_text(int(low), int(high))}; default {init}"
             for row, kind, low, high, init in rows}
    found = {}
    for variable, row, name in re.findall(r'^PARAM\((\w+), (\w+), "(\w+)"\);', text, re.M):
        if row not in by_id:
            raise Unreadable(f"{PARAMS}: no description of {row} is found")
        found["attr_" + variable] = (name, by_id[row])
    return found


def plain(text, variable):
    """(name, what it takes) of a file made by CONFIGFS_ATTR or a macro around it."""
    name = re.sub(r"^\w+?_attr_", "", variable)
    writable = re.search(rf"^(?:CONFIGFS_ATTR\(\w+, {name}\)|AUTH_ATTR\(\w+, {name}, )", text,
                         re.M)
    return name, "text; default empty" if writable else "read only"


def read_only(text):
    """{variable: name} of PARAM() in info.c."""
    return {"attr_" + variable: name
            for variable, name in re.findall(r'^PARAM\((\w+), "(\w+)"\);', text, re.M)}


def files_of(tree, section):
    """{name: what it takes} of the files in a directory."""
    path, array = FILES[section]
    text = tree.text(path)
    numbers = tree_defaults(tree, path) if path in (ATTRIB, NACL) else {}
    keys = parameters(tree) if path == PARAMS else {}
    shown = read_only(text) if path == INFO else {}
    found = {}
    for variable in listed(text, array):
        if variable in keys:
            name, spec = keys[variable]
        elif variable in shown:
            name, spec = shown[variable], "read only"
        else:
            name, spec = plain(text, variable)
            spec = numbers.get(name, spec)
        found[name] = OWN.get((section, name), spec)
    return found


def module_parameters(tree):
    """{name: what it takes}"""
    text = tree.text(MAIN)
    found = {}
    for name, kind, mode in re.findall(r"^module_param\((\w+), (\w+), (\d+)\);", text, re.M):
        value = find(text, rf"^static [\w ]+?\*?{name}(?: = (.*?))?;".replace("^", r"(?m:^)"),
                     f"variable of the parameter {name}")[1]
        says = find(text, rf'MODULE_PARM_DESC\({name}, "(.*?)"\);', f"text of {name}")[1]
        limits = re.search(r"(-?\d+) to (\d+)", says) or \
            re.search(rf"clamp\(READ_ONCE\({name}\), (-?\d+), (\d+)\)", text)
        least = re.search(rf"max\(READ_ONCE\({name}\), (\d+)U\)", text)
        most = re.search(rf"min\(READ_ONCE\({name}\), (\d+)U\)", text)
        if kind == "bool":
            spec = f"Y or N; default {'Y' if value == 'true' else 'N'}"
        elif kind == "charp":
            spec = f"name; default {value.strip(chr(34)) or 'empty'}"
        elif limits:
            spec = f"{range_text(*limits.groups())}; default {value or 0}"
        elif most:
            spec = f"{range_text(0, most[1])}; default {value or 0}"
        else:
            spec = f"{least[1] if least else 0} and more; default {value or 0}"
        found[name] = spec + ("; at run time" if mode == "0644" else "")
        # modinfo says it, too.
        told = re.search(r"\(default ([^,)]+)", says)
        if told and told[1] != spec.rpartition("default ")[2]:
            raise Unreadable(f"{MAIN}: modinfo says that {name} is {told[1]} by default, but "
                             f"the code says {spec}")
    return found


def constant(tree, name):
    """A number, or the value of a macro in keys.c or the core's headers."""
    if re.fullmatch(r"\d+", name):
        return int(name)
    for path in (KEYS, *CONSTANTS):
        match = re.search(rf"^#define {name}\s+(\w+)", tree.text(path), re.M)
        if match:
            return int(match[1], 0)
    raise Unreadable(f"{KEYS}: {name} is no constant that is found")


def keys(tree):
    """{key: what it takes}"""
    text = tree.text(KEYS)
    body = find(text, r"struct icore_key table\[ICORE_KEY_COUNT\] = \{(.*?)\n\};", "table of keys")
    found = {}
    for row in re.split(r"\n\t(?=[A-Z\[])", body[1]):
        name = re.search(r'"([^"]+)"', row)
        if not name:
            continue
        kind = re.match(r"\s*(\w+)\(", row)
        after = [part.strip() for part in row[name.end():].strip(" ,\n\t})").split(",")]
        found[name[1]] = key_spec(tree, kind[1] if kind else "", after, name[1])
    return found


def key_spec(tree, kind, after, name):
    """after: what stands behind the name, after the first comma."""
    if kind in ("NUM", ""):
        if name == "TaskReporting":
            return "list; default RFC3720"
        low, high, default = [constant(tree, part) for part in after[-5:-2]] if not kind else \
            [constant(tree, part) for part in after[-4:-1]]
        return f"{range_text(low, high)}; default {default}"
    if kind == "BOOL":
        return f"Yes or No; default {'Yes' if after[-2] == 'true' else 'No'}"
    return {"DIGEST": "list of CRC32C, None; default None", "FROM_T_ONLY": "from the target",
            "SECURITY": "security stage", "NEVER": "refused", "OTHER": ""}[kind]


# --- the comparison ------------------------------------------------------------

def compare(section, told, real):
    for name in sorted(set(told) | set(real)):
        spec = told.get(name)
        if name not in real:
            if not spec.startswith("target core; "):
                yield f"{PAGE}: {section}: {name} is not in the code"
        elif spec is None:
            yield f"{PAGE}: {section}: {name} ({real[name]}) is missing"
        elif spec != real[name]:
            yield f"{PAGE}: {section}: {name} is ({real[name]}), and not ({spec})"


def page_of(tree):
    """What the page says, or None where there is no module to describe."""
    if not all(path in tree.files() for path in SOURCES):
        return None, []
    if PAGE not in tree.files():
        return None, [f"{PAGE}: is missing"]
    return entries(tree.text(PAGE))


def checked(function):
    def check(tree, _exceptions):
        told, complaints = page_of(tree)
        yield from complaints
        if told is not None:
            try:
                yield from function(tree, told)
            except Unreadable as error:
                yield str(error)
    return check


@checked
def check_parameters(tree, told):
    real = module_parameters(tree)
    yield from compare("MODULE PARAMETERS", told.get("MODULE PARAMETERS", {}), real)
    part = find(tree.text(README), r"\n6\. Module parameters\n-+\n(.*?)\n\n\n", "section 6")[1]
    names = set(re.findall(r"^  (\w+)=", part, re.M))
    for name in sorted(names ^ set(real)):
        yield f"{README}: section 6: {name} is {'not in the code' if name in names else 'missing'}"


@checked
def check_files(tree, told):
    for section in FILES:
        yield from compare(section, told.get(section, {}), files_of(tree, section))
    for section in set(told) - set(FILES) - {"MODULE PARAMETERS", "KEYS"}:
        yield f"{PAGE}: {section}: is no directory that is known"
    arrays = set()
    for path in SOURCES:
        arrays |= set(re.findall(r"struct configfs_attribute \*(\w+)\[\]", tree.text(path)))
    for array in sorted(arrays - {array for _, array in FILES.values()}):
        yield f"checks/manual.py: {array} is in no section"


@checked
def check_keys(tree, told):
    yield from compare("KEYS", told.get("KEYS", {}), keys(tree))


RULES = {
    "parameters": check_parameters,
    "files": check_files,
    "keys": check_keys,
}
