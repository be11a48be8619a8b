#include "tests/support/patroni_cluster.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <filesystem>
#include <functional>
#include <sstream>
#include <system_error>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "gtest/gtest.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/postgres_programs.h"

namespace caseledger::testing {
namespace {

constexpr char kEtcd[] = "/usr/bin/etcd";
constexpr char kPatroni[] = "/usr/bin/patroni";
constexpr char kDelivered[] = "deploy/postgres/patroni.yml";
constexpr char kWriter[] = "tests/support/patroni_node.py";
constexpr char kSuper[] = "postgres";  // as delivered
constexpr std::chrono::seconds kLongest{90};

absl::Status CheckPrograms() {
  RETURN_IF_ERROR(CheckPostgresPrograms());
  if (access(kEtcd, X_OK) == 0 && access(kPatroni, X_OK) == 0) return absl::OkStatus();
  return absl::NotFoundError(StrCat("there is no ", kEtcd, " or no ", kPatroni,
                                    ": install the Debian packages etcd-server, patroni and "
                                    "python3-etcd"));
}

sockaddr_in AddressAt(const std::string& host, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = inet_addr(host.c_str());
  return address;
}

// Free a moment ago: these programs cannot be told to choose.
absl::StatusOr<int> FreePort(const std::string& host = "127.0.0.1") {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = AddressAt(host, 0);
  socklen_t size = sizeof(address);
  const bool bound =
      bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(listener);
  if (!bound) return absl::UnavailableError("no free port");
  return ntohs(address.sin_port);
}

// Processes whose parent it is.
std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::vector<pid_t> children;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::string stat = WholeTextOf(entry.path().string() + "/stat");
    // The name of the program in parentheses may have spaces.
    const size_t after = stat.rfind(')');
    if (after == std::string::npos) continue;
    std::istringstream fields(stat.substr(after + 1));
    char state = 0;
    pid_t of = 0;
    if (fields >> state >> of && of == parent) children.push_back(std::stoi(name));
  }
  return children;
}

// Whether Patroni answers "yes" to what its interface is asked, such as `/synchronous`.
bool Says(const std::string& host, int port, const std::string& path) {
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = AddressAt(host, port);
  const timeval patience{2, 0};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));  // of connecting
  std::string answer;
  const std::string request = StrCat("GET ", path, " HTTP/1.0\r\n\r\n");
  const bool answered =
      connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
      send(connection, request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size());
  // All of it: Patroni writes pages into its log about callers who leave earlier.
  std::array<char, 4096> part{};
  for (ssize_t got = 1; answered && got > 0;) {
    got = recv(connection, part.data(), part.size(), 0);
    if (got > 0 && answer.size() < part.size())
      answer.append(part.data(), static_cast<size_t>(got));
  }
  close(connection);
  return answer.starts_with("HTTP/1.0 200");
}

// It ended, whether or not somebody has heard of it.
bool HasEnded(pid_t process) {
  const std::string stat = WholeTextOf(StrCat("/proc/", process, "/stat"));
  const size_t after = stat.rfind(')');
  return after == std::string::npos || stat.compare(after, 3, ") Z") == 0;
}

bool Await(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kLongest;
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    poll(nullptr, 0, 50);
  }
  return false;
}

absl::Status CopyForAll(const std::string& from, const std::string& to) {
  std::error_code error;
  std::filesystem::copy_file(from, to, error);
  using std::filesystem::perms;
  if (!error) {
    std::filesystem::permissions(
        to, perms::owner_read | perms::owner_write | perms::group_read | perms::others_read, error);
  }
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(
      StrCat("cannot copy ", from, ": ", error.message(), "; run from the top of the tree"));
}

bool Answers(const std::string& dsn, const std::string& sql) {
  const auto answer = SqlSession(dsn).Query(sql);
  return answer.ok() && *answer == std::vector<std::string>{"t"};
}

}  // namespace

absl::StatusOr<std::unique_ptr<PatroniCluster>> PatroniCluster::Start(NodeNetworks* networks) {
  RETURN_IF_ERROR(CheckPrograms());
  std::unique_ptr<PatroniCluster> cluster(new PatroniCluster);
  cluster->networks_ = networks;
  ASSIGN_OR_RETURN(cluster->directory_, MakePostgresDirectory());
  // The other user may not be able to read the tree.
  const std::string delivered = cluster->directory_ + "/delivered.yml";
  const std::string writer = cluster->directory_ + "/patroni_node.py";
  RETURN_IF_ERROR(CopyForAll(kDelivered, delivered));
  RETURN_IF_ERROR(CopyForAll(kWriter, writer));
  RETURN_IF_ERROR(cluster->StartEtcd(networks == nullptr ? "127.0.0.1" : networks->host()));
  for (size_t i = 0; i < kNodes; ++i) {
    Node& node = cluster->nodes_.emplace_back();
    ASSIGN_OR_RETURN(node.directory, MakePostgresDirectory());
    if (networks != nullptr) {
      node.host = networks->address(i);
      node.in_front = networks->in_front(i);
    }
    ASSIGN_OR_RETURN(node.port, FreePort());
    ASSIGN_OR_RETURN(node.rest_port, FreePort());
    RETURN_IF_ERROR(RunPostgresProgram(
        {"/usr/bin/python3", writer, delivered, node.directory, cluster->directory_ + "/wal",
         StrCat("db", i + 1), StrCat(node.host, ":", node.port),
         StrCat(node.host, ":", node.rest_port), cluster->etcd_at_},
        node.directory + "/patroni.log"));
    RETURN_IF_ERROR(cluster->StartNode(i));
  }
  ASSIGN_OR_RETURN(const size_t primary, cluster->AwaitPrimary());
  const std::string dsn = DsnOf(cluster->nodes_[primary], "postgres", kSuper);
  for (const char* role : {PostgresCluster::kOwner, PostgresCluster::kServerRole}) {
    RETURN_IF_ERROR(SqlSession(dsn).Query(StrCat("create role ", role, " login")).status());
  }
  RETURN_IF_ERROR(cluster->AwaitSynchronous(kNodes - 1));
  return cluster;
}

PatroniCluster::~PatroniCluster() {
  for (Node& node : nodes_) Stop(node);
  if (etcd_ > 0) {
    kill(etcd_, SIGTERM);
    if (!ProcessEndsWithin(etcd_, kLongest)) ADD_FAILURE() << "etcd does not stop";
  }
  std::error_code ignored;
  for (const Node& node : nodes_) std::filesystem::remove_all(node.directory, ignored);
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

absl::Status PatroniCluster::StartEtcd(const std::string& host) {
  RETURN_IF_ERROR(
      RunPostgresProgram({"/usr/bin/mkdir", directory_ + "/wal"}, directory_ + "/etcd.log"));
  ASSIGN_OR_RETURN(const int port, FreePort(host));
  ASSIGN_OR_RETURN(const int peer_port, FreePort());
  etcd_at_ = StrCat(host, ":", port);
  const std::string client = StrCat("http://", etcd_at_);
  const std::string peer = StrCat("http://127.0.0.1:", peer_port);
  ASSIGN_OR_RETURN(etcd_, SpawnPostgresProgram(
                              {kEtcd, "--name", "one", "--data-dir", directory_ + "/etcd",
                               "--listen-client-urls", client, "--advertise-client-urls", client,
                               "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                               "--initial-cluster", StrCat("one=", peer)},
                              directory_ + "/etcd.log"));
  return absl::OkStatus();
}

absl::Status PatroniCluster::StartNode(size_t node) {
  Node& started = nodes_[node];
  ASSIGN_OR_RETURN(started.patroni,
                   SpawnPostgresProgram({kPatroni, started.directory + "/patroni.yml"},
                                        started.directory + "/patroni.log", started.in_front));
  return absl::OkStatus();
}

std::string PatroniCluster::DsnOf(const Node& node, const std::string& database,
                                  const std::string& role) {
  return StrCat("host=", node.host, " port=", node.port, " dbname=", database, " user=", role,
                " connect_timeout=2");
}

std::string PatroniCluster::Dsn(const std::string& database, const std::string& role,
                                const std::string& target) const {
  std::string hosts, ports;
  for (const Node& node : nodes_) {
    hosts += StrCat(hosts.empty() ? "" : ",", node.host);
    ports += StrCat(ports.empty() ? "" : ",", node.port);
  }
  return StrCat("host=", hosts, " port=", ports, " dbname=", database, " user=", role,
                " target_session_attrs=", target);
}

absl::StatusOr<std::string> PatroniCluster::CreateDatabase() {
  ASSIGN_OR_RETURN(const size_t primary, AwaitPrimary());
  std::string name = StrCat("test_", ++databases_);
  RETURN_IF_ERROR(SqlSession(DsnOf(nodes_[primary], "postgres", kSuper))
                      .Query(StrCat("create database ", name, " owner ", PostgresCluster::kOwner))
                      .status());
  // libpq ends its search for the primary at a node that does not know the database.
  const std::string known =
      StrCat("select count(*) = 1 from pg_database where datname = '", name, "'");
  const bool everywhere = Await([&] {
    return std::all_of(nodes_.begin(), nodes_.end(), [&](const Node& node) {
      return Answers(DsnOf(node, "postgres", kSuper), known);
    });
  });
  if (!everywhere) return absl::UnavailableError("a node does not follow");
  return name;
}

absl::StatusOr<size_t> PatroniCluster::AwaitPrimary(const std::vector<size_t>& others) const {
  size_t primary = kNodes;
  Await([&] {
    for (size_t node = 0; node < nodes_.size(); ++node) {
      if (std::find(others.begin(), others.end(), node) != others.end()) continue;
      if (!SaysItIsPrimary(node)) continue;
      primary = node;
      return true;
    }
    return false;
  });
  if (primary < kNodes) return primary;
  return absl::UnavailableError(StrCat("there is no primary\n", Logs()));
}

absl::Status PatroniCluster::AwaitSynchronous(size_t standbys) const {
  // What Patroni has agreed on with itself: before that it promotes none of them.
  const bool came = Await([&] {
    return std::count_if(nodes_.begin(), nodes_.end(), [](const Node& node) {
             return Says(node.host, node.rest_port, "/synchronous");
           }) == static_cast<ptrdiff_t>(standbys);
  });
  if (came) return absl::OkStatus();
  return absl::UnavailableError(StrCat("there are not ", standbys, " synchronous\n", Logs()));
}

std::vector<pid_t> PatroniCluster::DatabaseOf(const Node& node) {
  std::istringstream file(WholeTextOf(node.directory + "/data/postmaster.pid"));
  pid_t first = 0;
  // The number may be somebody else's by now.
  if (!(file >> first) || first <= 0 || HasEnded(first) ||
      WholeTextOf(StrCat("/proc/", first, "/cmdline")).find(node.directory) == std::string::npos) {
    return {};
  }
  std::vector<pid_t> all = ChildrenOf(first);
  all.insert(all.begin(), first);
  return all;
}

void PatroniCluster::KillDatabase(size_t node) {
  // So that it starts no more children.
  for (const pid_t process : DatabaseOf(nodes_[node])) kill(process, SIGSTOP);
  for (const pid_t process : DatabaseOf(nodes_[node])) kill(process, SIGKILL);
}

void PatroniCluster::KillNode(size_t node) {
  Node& killed = nodes_[node];
  kill(killed.patroni, SIGKILL);
  waitpid(killed.patroni, nullptr, 0);
  killed.patroni = -1;
  KillDatabase(node);
}

void PatroniCluster::Freeze(size_t node) {
  kill(nodes_[node].patroni, SIGSTOP);
  for (const pid_t process : DatabaseOf(nodes_[node])) kill(process, SIGSTOP);
}

void PatroniCluster::ThawDatabase(size_t node) {
  for (const pid_t process : DatabaseOf(nodes_[node])) kill(process, SIGCONT);
}

void PatroniCluster::Cut(size_t node) {
  const absl::Status cut = networks_->Cut(node);
  EXPECT_TRUE(cut.ok()) << cut;
}

void PatroniCluster::Mend(size_t node) {
  const absl::Status mended = networks_->Mend(node);
  EXPECT_TRUE(mended.ok()) << mended;
}

bool PatroniCluster::SaysItIsPrimary(size_t node) const {
  return Answers(DsnOf(nodes_[node], "postgres", kSuper), "select not pg_is_in_recovery()");
}

void PatroniCluster::EndSessions(size_t node) {
  const auto ended = SqlSession(DsnOf(nodes_[node], "postgres", kSuper))
                         .Query(StrCat("select pg_terminate_backend(pid) from pg_stat_activity "
                                       "where usename = '",
                                       PostgresCluster::kServerRole, "'"));
  EXPECT_TRUE(ended.ok()) << ended.status();
}

std::string PatroniCluster::Logs() const {
  constexpr size_t kLines = 60;
  std::string logs;
  for (const Node& node : nodes_) {
    std::istringstream log(WholeTextOf(node.directory + "/patroni.log"));
    std::deque<std::string> lines;
    for (std::string line; std::getline(log, line);) {
      if (line.find("no action.") != std::string::npos) continue;
      if (line.find("Lock owner:") != std::string::npos) continue;
      lines.push_back(line);
      if (lines.size() > kLines) lines.pop_front();
    }
    logs += StrCat("== ", node.directory, "\n");
    for (const std::string& line : lines) logs += line + "\n";
  }
  return logs;
}

// At once: a primary would wait for its standbys.
void PatroniCluster::Stop(Node& node) {
  if (node.patroni > 0) {
    kill(node.patroni, SIGKILL);
    waitpid(node.patroni, nullptr, 0);
    node.patroni = -1;
  }
  const std::vector<pid_t> processes = DatabaseOf(node);
  if (processes.empty()) return;
  kill(processes[0], SIGCONT);
  kill(processes[0], SIGQUIT);
  const bool ended = Await([&] { return HasEnded(processes[0]); });
  if (!ended) ADD_FAILURE() << "PostgreSQL does not stop";
}

}  // namespace caseledger::testing
