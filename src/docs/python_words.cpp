#include "docs/python_words.hpp"

#include "docs/names.hpp"

namespace warren::docs {
namespace {

constexpr std::string_view python_word_lists[] = {
    R"py(
False None True and as assert async await break class continue def del elif else except finally
for from global if import in is lambda nonlocal not or pass raise return try while with yield)py",
    R"py(
Annotated Any Dict Enum Field List Optional UUID Union bool bytes datetime dict float globals int
list str timedelta annotations print type)py",
    R"py(
Config construct copy dict fields forbids_extra from_orm json model_computed_fields model_config
model_construct model_copy model_dump model_dump_json model_extra model_fields model_fields_set
model_json_schema model_parametrized_name model_post_init model_rebuild model_validate
model_validate_json model_validate_strings parse_file parse_obj parse_raw root schema schema_json
update_forward_refs validate warren_names warren_specs wire)py",
    R"py(
mro name value names values count encode format index join lower replace split strip title upper
capitalize casefold center endswith expandtabs find format_map isalnum isalpha isascii isdecimal
isdigit isidentifier islower isnumeric isprintable isspace istitle isupper ljust lstrip maketrans
partition removeprefix removesuffix rfind rindex rjust rpartition rsplit rstrip splitlines
startswith swapcase translate zfill)py",
    R"py(
__init__ _warren abc aifc annotated_types antigravity argparse array ast asyncio atexit base64 bdb
binascii bisect builtins bz2 calendar cffi cgi cmath cmd code codecs codeop collections colorsys
compileall concurrent configparser contextlib contextvars copy copyreg crypt cryptography csv
ctypes curses dataclasses datetime dbm decimal difflib dis distutils doctest email encodings
ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch fractions ftplib functools gc
genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html http idlelib
imaplib imghdr importlib inspect io ipaddress itertools json keyword linecache locale logging lzma
mailbox marshal math mimetypes mmap modulefinder msilib multiprocessing netrc nis ntpath numbers
opcode operator optparse os ossaudiodev pathlib pdb pickle pickletools pika pip pipes pkgutil
platform plistlib poplib posix posixpath pprint profile pstats pty pwd pyclbr pydantic
pydantic_core pydoc pyexpat queue quopri random re readline reprlib resource rlcompleter runpy
sched secrets select selectors setuptools shelve shlex shutil signal site smtplib sndhdr socket
socketserver spwd sqlite3 sre_compile sre_constants sre_parse ssl stat statistics string
stringprep struct subprocess sunau symtable sys sysconfig syslog tabnanny tarfile telnetlib
tempfile termios textwrap this threading time timeit tkinter token tokenize tomllib trace
traceback tracemalloc tty turtle types typing typing_extensions unicodedata unittest urllib uu
uuid venv warnings wave weakref webbrowser wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib
zoneinfo)py"};

}  // namespace

std::vector<std::string_view> python_words(std::initializer_list<PythonWords> kinds) {
    std::vector<std::string_view> words;
    for (const PythonWords kind : kinds) {
        const auto more = split_words(python_word_lists[static_cast<std::size_t>(kind)]);
        words.insert(words.end(), more.begin(), more.end());
    }
    return words;
}

}  // namespace warren::docs
