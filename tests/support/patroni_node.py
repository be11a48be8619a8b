#!/usr/bin/env python3
"""Writes the configuration of one node on this machine, as delivered but for places, ports and passwords.

    patroni_node.py DELIVERED DIRECTORY ARCHIVE NAME POSTGRES REST ETCD

DELIVERED is deploy/postgres/patroni.yml; DIRECTORY of the node gets `patroni.yml` and `data`; all nodes share ARCHIVE.
POSTGRES, REST and ETCD are ADDRESS:PORT.
"""
import os
import sys

import yaml


def main():
    delivered, directory, archive, name, at, rest, etcd = sys.argv[1:]
    with open(delivered, encoding="utf-8") as file:
        node = yaml.safe_load(file)
    node["name"] = name
    node["restapi"] = {"listen": rest, "connect_address": rest}
    node["etcd3"] = {"hosts": etcd}
    # Settings of the cluster stay as delivered; the archive is kept, elsewhere.
    parameters = node["bootstrap"]["dcs"]["postgresql"]["parameters"]
    parameters["archive_command"] = parameters["archive_command"].replace("/mnt/wal", archive)
    node["bootstrap"]["initdb"] = [
        {"auth-local": "trust"} if "auth-local" in option else {"auth-host": "trust"} if "auth-host" in option else option
        for option in node["bootstrap"]["initdb"]
    ]
    trusted = ["local all all trust", "host all all samenet trust", "host replication all samenet trust"]
    node["bootstrap"]["pg_hba"] = trusted
    postgres = node["postgresql"]
    postgres["pg_hba"] = trusted
    postgres["listen"] = at
    postgres["connect_address"] = at
    postgres["data_dir"] = os.path.join(directory, "data")
    postgres["pgpass"] = os.path.join(directory, "pgpass")
    postgres.setdefault("parameters", {}).update(
        {"unix_socket_directories": directory, "shared_buffers": "32MB"}
    )
    node["watchdog"] = {"mode": "off"}
    with open(os.path.join(directory, "patroni.yml"), "w", encoding="utf-8") as file:
        yaml.safe_dump(node, file)


main()
