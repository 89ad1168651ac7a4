"""A certificate authority for one test run: server and client certificates, made by openssl."""

import os
import subprocess

# The user that the client certificate logs in as (SASL EXTERNAL takes the common name).
CLIENT_NAME = "warren-client"


def make_certificates(directory):
    """Make ca, server (localhost, 127.0.0.1), client and a stranger's authority; their paths."""
    path = lambda name: os.path.join(directory, name)
    made = {}
    authority(path, "ca", made)
    authority(path, "other_ca", made)
    issue(path, "server", "/CN=localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1", made)
    issue(path, "client", f"/CN={CLIENT_NAME}", "extendedKeyUsage=clientAuth", made)
    issue(path, "unit", "/O=Warren/OU=billing", "extendedKeyUsage=clientAuth", made)
    names = "DNS:billing.example,URI:spiffe://example/billing"
    issue(path, "workload", "/", f"subjectAltName=critical,{names}", made)
    return made


def authority(path, name, made):
    openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-days", "2", "-subj", f"/CN=warren test {name}"),
        *("-keyout", path(f"{name}.key"), "-out", path(f"{name}.pem")),
    )
    made[name] = path(f"{name}.pem")


def issue(path, name, subject, extension, made):
    extensions = path(f"{name}.ext")
    with open(extensions, "w") as file:
        file.write(extension + "\n")
    openssl(
        *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-subj", subject),
        *("-keyout", path(f"{name}.key"), "-out", path(f"{name}.csr")),
    )
    openssl(
        *("x509", "-req", "-in", path(f"{name}.csr"), "-days", "2", "-extfile", extensions),
        *("-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-CAcreateserial"),
        *("-out", path(f"{name}.pem")),
    )
    made[name] = path(f"{name}.pem")
    made[f"{name}_key"] = path(f"{name}.key")


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
