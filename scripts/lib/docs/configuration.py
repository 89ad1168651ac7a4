"""The reference of the configuration: which keys there are and what they take, as src/app/config reads them; what
they mean, as the tables of the guide say. A key that one of the two has alone is a fault."""

import collections
import itertools
import re

from pages import TREE, Broken

# The tables of the guide, by page and heading; which functions of src/app/config read these keys; and the map that
# they are in. Where keys have a map before them, as `store.keep`, the functions are those of that map.
TABLES = [
    (
        "configuration",
        "Keys of the file",
        "read_common read_listeners read_proxies read_root read_virtual_hosts read_middleware",
    ),
    (
        "configuration",
        "Keys of every listener",
        "read_methods read_fernet read_compression read_idempotency read_middleware read_message_listener"
        " read_connection_limits read_amqp_listener read_memory_listener read_tcp_listener read_zmq_listener",
    ),
    (
        "configuration",
        "Keys of a listener at a broker",
        "read_amqp_listener read_queue find_named read_protocol listener_keys read_message_listener read_methods",
    ),
    (
        "configuration",
        "Keys of a listener without a broker",
        "read_tcp_listener read_protocol read_timeouts read_auth_secrets read_signing read_connection_limits",
    ),
    (
        "configuration",
        "Keys of a listener over ZeroMQ",
        "read_zmq_listener read_zmq_limits read_protocol read_auth_secrets read_signing read_connection_limits",
    ),
    ("proxies", "In a configuration", "read_proxy read_buffering"),
    ("tracing", "In a configuration", "read_tracing"),
    ("call-log", "Servers that report", "read_log_server"),
    ("configuration", "Keys within keys", ""),
    ("configuration", "One broker, several virtual hosts", ""),
]
WITHIN = {
    "admin": "read_admin",
    "docs": "read_docs",
    "log": "read_log",
    "limits": "read_limits",
    "store": "read_store",
    "exchanges.NAME": "read_exchanges find_named",
    "tls": "read_client_tls read_tls read_key_password fail_at_file file_keys",
    "curve": "read_curve curve_keys",
    "allow": "read_each_method read_allow",
    "rate": "read_each_method read_rate",
    "rate.methods.NAME": "read_limit",
    "audit": "read_audit",
    "buffer": "read_buffer",
    "server": "read_broker",
    "virtual_hosts.NAME": "read_virtual_host",
}

# What says of itself only that it is a path, a name or another place: no key of a configuration's own.
NO_KEYS = {"secret_file", "read_listen_place", "read_proxy_target", "read_parts"}

# What the code does not say in one line.
TAKES = {
    "admin": "a map",
    "store": "a map",
    "docs": "a map",
    "log": "a map",
    "limits": "a map",
    "settings": "a map of maps",
    "tracing": "a map, or `true`",
    "proxies": "a list of maps",
    "listeners": "a list of maps",
    "modules": "a list of paths",
    "server": "a map",
    "virtual_hosts": "a map of maps",
    "log_server": "a map",
    "exchanges": "a map of maps",
    "methods": "a list of names",
    "method": "a name",
    "fernet_key": "text, `{file: PATH}` or `null`",
    "fernet_keys": "a list of keys",
    "auth_secrets": "a list of secrets, or a map by names",
    "compress_bytes_min": "a whole number from 1, or `null`",
    "dead_letter_queue": "text, or `null`",
    "protocol": "a name",
    "tcp": "text, or `{fd: NAME}`",
    "zmq": "text, or a list",
    "admin.unix": "a path",
    "admin.mode": "text, of digits from 0 to 7",
    "admin.address": "text, or `{fd: NAME}`",
    "tls": "a map",
    "curve": "a map",
    "curve.public_key": "text, or `{file: PATH}`",
    "curve.client_keys": "a list of keys, or a map by names",
    "socket": "`router` or `rep` or `sub`",
    "tls.ca": "a path",
    "tls.certificate": "a path",
    "tls.key": "a path",
    "tls.key_password": "text, or `{file: PATH}`",
    "tls.verify": "`peer` or `none`",
    "tls.server_name": "text",
    "exchanges.NAME.type": "`direct` or `fanout` or `topic` or `headers`",
    "allow.methods": "a map by method",
    "rate.methods": "a map by method",
    "from": "a map, or an address",
    "to": "a map, or an address",
    "buffered": "`true` or `false`",
    "buffer": "a map",
    "sample": "a number from 0 to 1",
    "headers": "a map",
    "queue": "text",
    "server.host": "text",
    "server.port": "a whole number from 1",
    "server.ssl": "`true` or `false`",
    "server.username": "text",
    "server.password": "text, or `{file: PATH}`",
    "virtual_hosts.NAME.exchanges": "a map of maps",
    "virtual_hosts.NAME.fernet_key": "text, `{file: PATH}` or `null`",
    "format": "`pickle` or `json` or `msgpack`",
    "threaded": "`true` or `false`",
    "server_id": "text",
}

READERS = {
    "text": "text",
    "any_text": "text",
    "secret": "text, or `{file: PATH}`",
    "file_path": "a path",
    "boolean": "`true` or `false`",
    "duration": "a duration, such as `30s`",
    "items": "a list",
    "any_items": "a list",
    "data_map": "a map",
}
FUNCTION = re.compile(r"^[^\s#/}].*?\b(\w+)\([^;]*?\) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
KEY = re.compile(
    r'\b(find|require|has|read|read_word|read_count|read_part|one_or_several)\(\s*(?:map, )?"(\w+)"'
    r'(?:, "(\w+)")?([^;]*;?)'
)
ARRAY = re.compile(
    r"constexpr (?:std::array<[^;=]*?>|[\w:]+) (\w+)(?:\[\])?(?: =)? ?\{(.*?)\};", re.DOTALL
)


def words_in(sources):
    """Of each constant array of texts: its texts."""
    found = {}
    for name, content in itertools.chain.from_iterable(map(ARRAY.findall, sources)):
        found[name] = re.findall(r'"([^"]*)"', content)
    return found


def takes(call, rest, after, words):
    """What a key takes, as far as the code that reads it says."""
    if call == "read_word":
        named = re.search(r"(\w+)\)?;?$", rest.strip().rstrip(");"))
        listed = words.get(named[1] if named else "", [])
        return " or ".join(f"`{word}`" for word in listed) or "a word"
    if call == "read_count":
        return "a whole number from 1"
    if call == "read":
        return READERS[re.search(r"&ConfigNode::(\w+)", rest)[1]]
    if call == "read_part":
        return "a map, or `false`"
    if number := re.search(r"whole_number\((\d)", rest + after):
        return f"a whole number from {number[1]}"
    named = re.findall(r"(?:->|\.)(\w+)\(", rest + after)
    return next((READERS[name] for name in named if name in READERS), "")


def keys_read():
    """By function: each key that it reads, and what that takes."""
    paths = [
        *sorted((TREE / "src/app/config").glob("*.cpp")),
        *sorted((TREE / "src/endpoint/protocols").glob("*.cpp")),
    ]
    sources = {path: path.read_text() for path in paths}
    every = [
        path.read_text()
        for layer in ("app", "endpoint", "protocol")
        for path in (TREE / "src" / layer).rglob("*pp")
    ]
    words = words_in(every)
    found = collections.defaultdict(dict)
    for path, source in sources.items():
        if path.parent.name != "config":
            for rows in re.findall(r"ListenerKey \w+\[\] = \{(.*?)\}\};\n", source, re.DOTALL):
                for name, row in re.findall(
                    r'\.name = "(\w+)",(.*?)(?=\.name = |$)', rows, re.DOTALL
                ):
                    listed = re.search(r"\.words = (\w+)", row)
                    told = (
                        " or ".join(f"`{word}`" for word in words.get(listed[1], []))
                        if listed
                        else ""
                    )
                    found["listener_keys"][name] = (
                        READERS["boolean"] if "is_flag" in row else told or "text"
                    )
            continue
        for name, content in ARRAY.findall(source):
            if name in ("curve_keys", "file_keys"):
                listed = re.findall(r'\{"(\w+)"', content) or re.findall(r'"(\w+)"', content)
                found[name] |= {key: "" for key in listed}
        for function, body in FUNCTION.findall(source):
            for match in KEY.finditer(body):
                call, one, several, rest = match.groups()
                after = body[match.end() : match.end() + 250].split('("')[0]
                for key in filter(None, (one, several)):
                    told = takes(call, rest, after if call in ("find", "require") else "", words)
                    found[function][key] = found[function].get(key) or told
    return found


def rows_of(page, heading):
    """The rows of the table below a heading: its cells."""
    text = (TREE / f"docs/guide/{page}.md").read_text()
    below = re.search(
        rf"^#+ {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
    )
    if not below:
        raise Broken(
            f"docs/guide/{page}.md: there is no heading '{heading}', whose table the reference shows"
        )
    rows = [
        re.split(r"(?<!\\) \| ?", line.strip("| "))
        for line in below[1].splitlines()
        if line.startswith("| `")
    ]
    return [[*row, "", ""][:3] for row in rows]


def link_from_here(text, page):
    """A link of a page of the guide, from the reference."""
    text = re.sub(r"\]\(#", f"](../guide/{page}.md#", text)
    return re.sub(r"\]\((?!\.\./|https?:)", "](../guide/", text)


class Reference:
    def __init__(self):
        self.read = keys_read()
        self.told = collections.defaultdict(set)  # by function: the keys that a table has
        self.problems = []
        self.used = set()

    def row(self, page, functions, cells):
        named = re.findall(r"`([\w.]+)`", cells[0])
        kinds = []
        for name in named:
            before, _, key = name.rpartition(".")
            own = (WITHIN.get(before, "") if before else functions).split()
            having = [function for function in own if key in self.read[function]]
            for function in own:
                self.told[function].add(key)
            if not having:
                self.problems.append(
                    f"docs/guide/{page}.md: nothing in src/app/config reads `{name}`"
                )
            kinds += self.kinds(name, key, having)
        kinds = list(dict.fromkeys(kinds))
        return [
            cells[0],
            "; ".join(kinds),
            link_from_here(cells[2], page),
            link_from_here(cells[1], page),
        ]

    def kinds(self, name, key, functions):
        if name in TAKES:
            self.used.add(name)
            return [TAKES[name]]
        kinds = [self.read[function][key] for function in functions if self.read[function][key]]
        if not kinds:
            self.problems.append(
                f"scripts/lib/docs/configuration.py: what `{name}` takes is not known"
            )
        return kinds[:1]

    def check_all_is_told(self):
        for name in TAKES.keys() - self.used:
            self.problems.append(f"scripts/lib/docs/configuration.py: `{name}` is no key any more")
        for function, keys in list(self.read.items()):
            for key in keys:
                if function not in NO_KEYS and key not in self.told[function]:
                    self.problems.append(
                        f"src/app/config: {function} reads `{key}`, which no table of the guide has"
                    )


def page():
    reference = Reference()
    out = [
        "# Keys of the configuration\n",
        "Every key that `warren serve` reads, what it takes, and what it is when it is left out. How a file is written",
        "[the guide](../guide/configuration.md) says; `warren check FILE` tells what is wrong with one.\n",
    ]
    for page_name, heading, functions in TABLES:
        rows = [reference.row(page_name, functions, cells) for cells in rows_of(page_name, heading)]
        title = heading if page_name == "configuration" else f"Keys of {page_name}"
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        out += [
            f"## {title}\n",
            "| key | takes | default | meaning |",
            "|---|---|---|---|",
            *lines,
            "",
        ]
    reference.check_all_is_told()
    if reference.problems:
        raise Broken("\n".join(reference.problems))
    return "\n".join(out)
