#!/usr/bin/env python3
"""Writes the configuration of one node on this machine, as delivered but for places, ports and passwords.

    patroni_node.py DELIVERED DIRECTORY ARCHIVE NAME POSTGRES_PORT REST_PORT ETCD_PORT

DELIVERED is deploy/postgres/patroni.yml; DIRECTORY of the node gets `patroni.yml` and `data`; all nodes share ARCHIVE.
"""
import os
import sys

import yaml


def main():
    delivered, directory, archive, name, postgres_port, rest_port, etcd_port = sys.argv[1:]
    with open(delivered, encoding="utf-8") as file:
        node = yaml.safe_load(file)
    node["name"] = name
    node["restapi"] = {"listen": f"127.0.0.1:{rest_port}", "connect_address": f"127.0.0.1:{rest_port}"}
    node["etcd3"] = {"hosts": f"127.0.0.1:{etcd_port}"}
    # Settings of the cluster stay as delivered; the archive is kept, elsewhere.
    parameters = node["bootstrap"]["dcs"]["postgresql"]["parameters"]
    parameters["archive_command"] = parameters["archive_command"].replace("/mnt/wal", archive)
    node["bootstrap"]["initdb"] = [
        {"auth-local": "trust"} if "auth-local" in option else {"auth-host": "trust"} if "auth-host" in option else option
        for option in node["bootstrap"]["initdb"]
    ]
    trusted = ["local all all trust", "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"]
    node["bootstrap"]["pg_hba"] = trusted
    postgres = node["postgresql"]
    postgres["pg_hba"] = trusted
    postgres["listen"] = f"127.0.0.1:{postgres_port}"
    postgres["connect_address"] = f"127.0.0.1:{postgres_port}"
    postgres["data_dir"] = os.path.join(directory, "data")
    postgres["pgpass"] = os.path.join(directory, "pgpass")
    postgres.setdefault("parameters", {}).update(
        {"unix_socket_directories": directory, "shared_buffers": "32MB"}
    )
    node["watchdog"] = {"mode": "off"}
    with open(os.path.join(directory, "patroni.yml"), "w", encoding="utf-8") as file:
        yaml.safe_dump(node, file)


main()
