// The laboratory itself: what is cut does not arrive, and everything else does.
#include "tests/cluster/network_lab.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <glog/logging.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/process/child_process.h"

namespace quoin::tests {
namespace {

// Sockets stay in the namespace in which they were made, whoever uses them.
class Socket {
 public:
  Socket(const NetworkLab& lab, const std::string& node) {
    const int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    const std::string launcher = lab.Launcher(node).at(1);
    const int its = open(launcher.substr(launcher.find('/')).c_str(), O_RDONLY | O_CLOEXEC);
    PCHECK(own >= 0 && its >= 0);
    PCHECK(setns(its, CLONE_NEWNET) == 0);
    fd_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    PCHECK(setns(own, CLONE_NEWNET) == 0);
    close(own);
    close(its);
    const sockaddr_in address = At(lab.AddressOf(node));
    PCHECK(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~Socket() { close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  void Send(const std::string& to, const std::string& text) const {
    const sockaddr_in address = At(to);
    EXPECT_EQ(sendto(fd_, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&address), sizeof address),
              static_cast<ssize_t>(text.size()))
        << "a cut must not be told to the sender: " << strerror(errno);
  }
  std::string Receive() const {
    pollfd entry{fd_, POLLIN, 0};
    const auto patience = std::chrono::milliseconds(kPatience).count();
    if (poll(&entry, 1, static_cast<int>(patience)) != 1) return "nothing";
    char buffer[100];
    const ssize_t count = recv(fd_, buffer, sizeof buffer, 0);
    return count < 0 ? strerror(errno) : std::string(buffer, static_cast<std::size_t>(count));
  }

 private:
  static sockaddr_in At(const std::string& host) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(7080);
    PCHECK(inet_pton(AF_INET, host.c_str(), &address.sin_addr) == 1) << host;
    return address;
  }
  int fd_ = -1;
};

TEST(NetworkLab, DropsOneWayAndNothingElse) {
  auto entered = NetworkLab::Enter();
  if (!entered.ok()) GTEST_SKIP() << entered.status().message();
  NetworkLab& lab = **entered;
  for (const char* name : {"n1", "n2", "n3"}) lab.AddNode(name);
  const Socket one(lab, "n1"), two(lab, "n2"), three(lab, "n3");
  const std::string to_one = lab.AddressOf("n1"), to_two = lab.AddressOf("n2"), to_three = lab.AddressOf("n3");

  one.Send(to_two, "open");
  EXPECT_EQ(two.Receive(), "open");
  lab.Cut("n1", "n2");
  lab.Cut("n1", "n2");
  // The dropped one would stand in front of those that arrive.
  one.Send(to_two, "dropped");
  three.Send(to_two, "from another");
  EXPECT_EQ(two.Receive(), "from another");
  two.Send(to_one, "the other way");
  EXPECT_EQ(one.Receive(), "the other way");
  one.Send(to_three, "to another");
  EXPECT_EQ(three.Receive(), "to another");

  lab.Cut("n2", "n1");
  lab.Heal("n1", "n2");
  EXPECT_EQ(lab.cuts().size(), 1u);
  one.Send(to_two, "healed");
  EXPECT_EQ(two.Receive(), "healed");
  lab.HealAll();
  two.Send(to_one, "healed, too");
  EXPECT_EQ(one.Receive(), "healed, too");
}

}  // namespace
}  // namespace quoin::tests
