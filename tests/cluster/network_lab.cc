#include "tests/cluster/network_lab.h"

#include <fcntl.h>
#include <glog/logging.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/text.h"
#include "tests/process/child_process.h"

namespace quoin::tests {
namespace {

constexpr std::uint64_t kMaxNodes = 64;

std::string FindTool(const std::string& name) {
  for (const char* folder : {"/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"}) {
    if (access((folder + name).c_str(), X_OK) == 0) return folder + name;
  }
  return "";
}

Status CannotDo(const std::string& what) { return Status(Code::kUnavailable, what + ": " + std::strerror(errno)); }

bool WriteTo(const char* path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  return static_cast<bool>(file);
}

// Runs lines of `ip -batch`; an empty text when all went well, otherwise what it said.
std::string Ip(std::vector<std::string> launcher, const std::string& lines) {
  launcher.insert(launcher.end(), {FindTool("ip"), "-batch", "-"});
  const Finished finished = RunToEnd(launcher, lines);
  if (finished.exit.code == 0) return "";
  return finished.exit.ToString() + " from ip -batch:\n" + lines + finished.output + finished.errors;
}

// The digits of "n12".
std::uint64_t NumberOf(const std::string& name) {
  const auto number = name.starts_with('n') ? ParseUint64(std::string_view(name).substr(1)) : std::nullopt;
  CHECK(number && *number >= 1 && *number <= kMaxNodes) << name << ": a node is n1 to n" << kMaxNodes;
  return *number;
}

std::string Subnet(const std::string& name) { return "10.77." + std::to_string(NumberOf(name)) + "."; }

// Opens a path that names this process's present network namespace.
int OpenOwnNamespace() {
  const int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  PCHECK(fd >= 0) << "/proc/self/ns/net";
  return fd;
}

std::string PathOf(int fd) { return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(fd); }

}  // namespace

Result<std::unique_ptr<NetworkLab>> NetworkLab::Enter() {
  for (const char* tool : {"ip", "nsenter"}) {
    if (FindTool(tool).empty()) return Status(Code::kUnavailable, std::string("there is no `") + tool + "` here");
  }
  // As root the namespace alone will do; others, and root without its rights, are root in a user namespace of their
  // own.
  const auto user = std::to_string(geteuid()), group = std::to_string(getegid());
  if (unshare(CLONE_NEWNET) != 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return CannotDo("unshare of user and network namespaces");
    WriteTo("/proc/self/setgroups", "deny");
    if (!WriteTo("/proc/self/uid_map", "0 " + user + " 1") || !WriteTo("/proc/self/gid_map", "0 " + group + " 1")) {
      return CannotDo("/proc/self/uid_map");
    }
  }
  if (!WriteTo("/proc/sys/net/ipv4/ip_forward", "1")) return CannotDo("/proc/sys/net/ipv4/ip_forward");
  if (const std::string failure = Ip({}, "link set lo up\n"); !failure.empty()) {
    return Status(Code::kUnavailable, failure);
  }
  return std::unique_ptr<NetworkLab>(new NetworkLab);
}

NetworkLab::~NetworkLab() {
  for (const auto& [name, fd] : namespaces_) close(fd);
}

void NetworkLab::AddNode(const std::string& name) {
  CHECK(!namespaces_.contains(name)) << name;
  const int own = OpenOwnNamespace();
  PCHECK(unshare(CLONE_NEWNET) == 0);
  namespaces_[name] = OpenOwnNamespace();
  PCHECK(setns(own, CLONE_NEWNET) == 0);
  close(own);

  const std::string net = Subnet(name), link = "to_" + name;
  const std::string outside =
      Ip({}, "link add " + link + " type veth peer name uplink netns " + PathOf(namespaces_[name]) + "\naddress add " +
                 net + "254/24 dev " + link + "\nlink set " + link + " up\n");
  CHECK(outside.empty()) << outside;
  const std::string inside =
      Ip(Launcher(name), "link set lo up\naddress add " + net + "1/24 dev uplink\nlink set uplink up\n" +
                             "route add default via " + net + "254\n");
  CHECK(inside.empty()) << inside;
}

std::string NetworkLab::AddressOf(const std::string& name) const {
  CHECK(namespaces_.contains(name)) << name;
  return Subnet(name) + "1";
}

std::vector<std::string> NetworkLab::Launcher(const std::string& name) const {
  return {FindTool("nsenter"), "--net=" + PathOf(namespaces_.at(name)), "--"};
}

void NetworkLab::Cut(const std::string& from, const std::string& to) {
  if (!cuts_.emplace(from, to).second) return;
  // "blackhole" drops what is forwarded without telling the sender; "prohibit" and "unreachable" would.
  const std::string failure = Ip({}, "rule add from " + AddressOf(from) + " to " + AddressOf(to) + " blackhole\n");
  CHECK(failure.empty()) << failure;
}

void NetworkLab::Heal(const std::string& from, const std::string& to) {
  if (cuts_.erase({from, to}) == 0) return;
  const std::string failure = Ip({}, "rule delete from " + AddressOf(from) + " to " + AddressOf(to) + " blackhole\n");
  CHECK(failure.empty()) << failure;
}

void NetworkLab::HealAll() {
  while (!cuts_.empty()) {
    const auto [from, to] = *cuts_.begin();
    Heal(from, to);
  }
}

}  // namespace quoin::tests
