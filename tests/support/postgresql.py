"""A PostgreSQL server of a test's own, in a directory of its own."""

import os
import pwd
import subprocess
import tempfile

from processes import die_with_parent

PROGRAMS = "/usr/lib/postgresql/15/bin"  # where Debian's package has them


def as_its_user(*command):
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return command
    user = ("--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=KILL")
    return ("setpriv", *user, *command)


class PostgreSql:
    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="warren-pg-")
        path = self.directory.name
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(path, user.pw_uid, user.pw_gid)
        options = ("--auth=trust", "--username=warren", "--encoding=UTF8", "--locale=C", "--no-sync")
        subprocess.run(
            as_its_user(f"{PROGRAMS}/initdb", f"--pgdata={path}/data", *options),
            check=True,
            stdout=subprocess.DEVNULL,
        )
        self.server = subprocess.Popen(
            as_its_user(
                *(f"{PROGRAMS}/postgres", "-D", f"{path}/data", "-k", path),
                *("-c", "listen_addresses=", "-c", "max_connections=60"),
            ),
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent,
        )
        for line in self.server.stderr:
            if "ready to accept connections" in line:
                break
        self.address = f"postgresql://warren@/postgres?host={path}"
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.communicate()
        self.directory.cleanup()

    def make_database(self, name):
        arguments = ("-h", self.directory.name, "-U", "warren", name)
        subprocess.run(as_its_user(f"{PROGRAMS}/createdb", *arguments), check=True)

    def end_connections(self, database):
        """All that a database has, as if its server had been started anew."""
        ended = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        arguments = ("-h", self.directory.name, "-U", "warren", "-c", ended, "postgres")
        subprocess.run(
            as_its_user(f"{PROGRAMS}/psql", *arguments), check=True, stdout=subprocess.DEVNULL
        )
