// The least that a replicated durable put over one connection can take on this machine: one TCP round trip over the
// loopback, and one fdatasync, each while two others do the same, as the three nodes of a cluster on one machine do.
//
// Usage: floor FOLDER. Files are written there, and removed. Prints one line of JSON: medians in microseconds.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kWriters = 3;
constexpr std::chrono::seconds kDuration{2};
constexpr std::size_t kBytes = 256;  // About what a record of a value of 100 bytes takes in the log.

[[noreturn]] void Fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

void Check(bool ok, const char* what) {
  if (!ok) Fail(what);
}

// The median time of what `step` does again and again in each of three threads at once; it is told the thread's number.
double MedianMicroseconds(const std::function<void(int)>& step) {
  std::array<std::vector<double>, kWriters> took;
  std::vector<std::thread> threads;
  const auto end = Clock::now() + kDuration;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      for (auto began = Clock::now(); began < end; began = Clock::now()) {
        step(writer);
        took[writer].push_back(std::chrono::duration<double, std::micro>(Clock::now() - began).count());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<double> all;
  for (const auto& each : took) all.insert(all.end(), each.begin(), each.end());
  Check(!all.empty(), "nothing was measured");
  std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2), all.end());
  return all[all.size() / 2];
}

void Exchange(int socket, bool first) {
  std::array<char, kBytes> bytes{};
  const auto send_all = [&] { Check(send(socket, bytes.data(), kBytes, MSG_NOSIGNAL) == kBytes, "send"); };
  const auto receive_all = [&] { return recv(socket, bytes.data(), kBytes, MSG_WAITALL) == kBytes; };
  if (first) {
    send_all();
    Check(receive_all(), "recv");
  } else {
    while (receive_all()) send_all();  // Until the other end closes.
  }
}

double RoundTrip() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  Check(bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
  Check(listen(listener, kWriters) == 0, "listen");
  Check(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
  std::array<int, kWriters> clients;
  std::vector<std::thread> echoes;
  const int on = 1;
  for (int& client : clients) {
    client = socket(AF_INET, SOCK_STREAM, 0);
    Check(connect(client, reinterpret_cast<sockaddr*>(&address), size) == 0, "connect");
    const int server = accept(listener, nullptr, nullptr);
    Check(server >= 0, "accept");
    for (const int end : {client, server}) setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    echoes.emplace_back([server] {
      Exchange(server, false);
      close(server);
    });
  }
  const double median = MedianMicroseconds([&](int writer) { Exchange(clients[writer], true); });
  for (const int client : clients) close(client);
  for (std::thread& echo : echoes) echo.join();
  close(listener);
  return median;
}

double Sync(const std::string& folder) {
  std::array<int, kWriters> files;
  std::array<std::string, kWriters> names;
  for (int writer = 0; writer < kWriters; ++writer) {
    names[writer] = folder + "/floor" + std::to_string(writer);
    files[writer] = open(names[writer].c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    Check(files[writer] >= 0, names[writer].c_str());
  }
  const std::string bytes(kBytes, 'x');
  const double median = MedianMicroseconds([&](int writer) {
    Check(write(files[writer], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "write");
    Check(fdatasync(files[writer]) == 0, "fdatasync");
  });
  for (int writer = 0; writer < kWriters; ++writer) {
    close(files[writer]);
    unlink(names[writer].c_str());
  }
  return median;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: floor FOLDER (on the disk that is to be measured)\n");
    return 2;
  }
  const double round_trip = RoundTrip();
  std::printf("{\"round_trip_us\": %.1f, \"fdatasync_us\": %.1f}\n", round_trip, Sync(argv[1]));
}
