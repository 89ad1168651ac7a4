"""Words and calls that have no place in the tree."""

import re
import unittest

import tree

# Spelled in two parts, so that this file does not accuse itself.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
FIXED_PATH = re.compile(r"""["'\s=:(]/(root|tmp|work)/""")
WAIT = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|time\.sleep|asyncio\.sleep)\s*\(")

# What this project once called something for itself, and what the field calls it.
PRIVATE = {
    r"warren_room|\brooms\b": "layer",
    r"(?i)dialect": "protocol",
    r"\b(?:Message|Stream|Parked)?Job\b|\bOutgoingCall\b": "ServerCall, ClientCall",
    r"\bMailbox\b": "CompletionQueue",
    r"(?i)errand": "BlockingOperation",
    r"\bHalfway\b": "EarlyFlush",
    r"\bReplays\b": "RedeliveryCache",
    r"\bLanes?\b|\bListenerP(?:lan|olicy)\b|Listening\b": "ListenerConfig, ActiveListener, ListenerContext",
    r"(?:Server|Client)Port\b": "ServerTransport, ClientTransport, StreamAcceptor, StreamConnector",
    r"\bMessageSeal\b|\bis_sealed\b": "MessageMac, verify_mac",
    r"(?i)module_?stamp": "AbiHeader",
    r"proxy_circles": "forwarding_loops",
    r"made[- ]up|::made_up": "mock, generated",
    r"\bDirectAddress\b": "TcpAddress",
    r"\bserver_needs\b": "server_sizing",
    r"\bServerOfClient\b": "ClientTarget",
    r"\bTurnEnd\b": "LoopIterationHook",
    r"\b(?:Own|Port)Counter\b": "SingleWriterCounter",
    r"\bConnectRefusal\b": "RetryClass",
    r"\binline_\b|\brun_inline\b": "io_thread, run_on_io_thread",
}
# Here they are told as they were.
HISTORY = ("CHANGELOG.md", "tests/unit/tree/words_test.py")


def found(pattern, paths):
    return [
        tree.shown(path, number, line.strip())
        for path in paths
        for number, line in tree.lines(path)
        if pattern.search(line)
    ]


class Words(unittest.TestCase):
    def test_nothing_is_left_for_later(self):
        self.assertEqual(found(UNFINISHED, tree.files()), [])

    def test_no_path_of_one_machine(self):
        sources = [path for path in tree.files() if path.suffix != ".md"]
        self.assertEqual(found(FIXED_PATH, sources), [])

    def test_tests_wait_for_events_and_not_for_time(self):
        self.assertEqual(found(WAIT, tree.files(*tree.CODE, ".py", under="tests")), [])

    def test_private_words_do_not_come_back(self):
        paths = [
            path
            for path in tree.files()
            if not str(path.relative_to(tree.ROOT)).startswith((*HISTORY, "tests/vectors/"))
        ]
        for pattern, better in PRIVATE.items():
            with self.subTest(better=better):
                self.assertEqual(found(re.compile(pattern), paths), [])


if __name__ == "__main__":
    unittest.main()
