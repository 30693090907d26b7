// Asks one server over many WebSockets, as fast as it answers, and says what that came to (tests/bench/websocket.sh).
//
// Prints one line of four numbers: answers per second; the share of one core that this program needed; the same of the
// server (--server_pid); and the server's microseconds of processor time for each answer, which says more than the rate
// where the machine has other work. With --kind=fill it stores every key once and prints nothing.
//
// Any answer that is no success ends it with exit code 1 and a list of them.
#include <gflags/gflags.h>
#include <glog/logging.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tests/bench/load_connection.h"
#include "tests/bench/websocket_client.h"

DEFINE_uint32(port, 0, "of the server, on 127.0.0.1");
DEFINE_string(kind, "get", "echo, get, put or fill");
DEFINE_uint32(connections, 64, "WebSockets");
DEFINE_uint32(depth, 1, "requests under way on each");
DEFINE_uint32(keys, 10000, "that are read or written");
DEFINE_uint32(value_size, 100, "bytes of a value, or of a message of the echo; at most 60000");
DEFINE_double(seconds, 5, "that are measured");
DEFINE_double(warm_up, 1, "seconds before them");
DEFINE_uint32(server_pid, 0, "whose processor time is told; 0: none");

namespace quoin::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

double OwnProcessorSeconds() {
  rusage usage{};
  PCHECK(::getrusage(RUSAGE_SELF, &usage) == 0);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + time.tv_usec * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// User and system time of all threads of a process, from /proc/PID/stat (proc(5), fields 14 and 15).
double ProcessorSecondsOf(std::uint32_t pid) {
  if (pid == 0) return 0;
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  CHECK(std::getline(file, line)) << "there is no process " << pid;
  std::istringstream fields(line.substr(line.rfind(')') + 1));  // The name before it may hold spaces.
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0, system = 0;
  CHECK(fields >> user >> system) << line;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

struct Mark {
  Clock::time_point at;
  std::uint64_t answers;
  double own_seconds;
  double server_seconds;
};

class LoadRun {
 public:
  explicit LoadRun(Load* load) : load_(load), events_(::epoll_create1(EPOLL_CLOEXEC)) {
    PCHECK(events_ >= 0);
    for (std::uint32_t i = 0; i < FLAGS_connections; ++i) {
      connections_.push_back(std::make_unique<LoadConnection>(FLAGS_port, load, i + 1));
      Watch(EPOLL_CTL_ADD, *connections_.back(), false);
    }
    for (const auto& connection : connections_) connection->Start();
  }
  ~LoadRun() { ::close(events_); }

  void RunFor(double seconds) {
    const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(Seconds(seconds));
    for (auto now = Clock::now(); now < end; now = Clock::now()) {
      Turn(std::chrono::ceil<std::chrono::milliseconds>(end - now));
    }
  }
  // Until all that was asked is answered.
  void RunToEnd() {
    const auto busy = [this] {
      for (const auto& connection : connections_) {
        if (connection->under_way() > 0) return true;
      }
      return false;
    };
    while (busy()) Turn(std::chrono::milliseconds(1000));
  }
  Mark Now() const {
    return {Clock::now(), load_->answers, OwnProcessorSeconds(), ProcessorSecondsOf(FLAGS_server_pid)};
  }

 private:
  void Turn(std::chrono::milliseconds patience) {
    std::array<epoll_event, 256> ready;
    const int count =
        ::epoll_wait(events_, ready.data(), static_cast<int>(ready.size()), static_cast<int>(patience.count()));
    PCHECK(count >= 0 || errno == EINTR);
    for (int i = 0; i < count; ++i) {
      auto& connection = *static_cast<LoadConnection*>(ready[static_cast<std::size_t>(i)].data.ptr);
      const bool watched_for_room = (ready[static_cast<std::size_t>(i)].events & EPOLLOUT) != 0;
      connection.OnReady();
      if (connection.wants_to_write() || watched_for_room) {
        Watch(EPOLL_CTL_MOD, connection, connection.wants_to_write());
      }
    }
  }
  void Watch(int how, LoadConnection& connection, bool for_room) {
    epoll_event event{};
    event.events = for_room ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.ptr = &connection;
    PCHECK(::epoll_ctl(events_, how, connection.socket(), &event) == 0);
  }

  Load* const load_;
  const int events_;
  std::vector<std::unique_ptr<LoadConnection>> connections_;
};

LoadKind ReadKind() {
  if (FLAGS_kind == "echo") return LoadKind::kEcho;
  if (FLAGS_kind == "get") return LoadKind::kGet;
  if (FLAGS_kind == "put") return LoadKind::kPut;
  if (FLAGS_kind == "fill") return LoadKind::kFill;
  LOG(FATAL) << "--kind is echo, get, put or fill, not '" << FLAGS_kind << "'";
}

void CheckFlags() {
  CHECK(FLAGS_port >= 1 && FLAGS_port <= 65535) << "--port is the server's, 1 to 65535";
  CHECK(FLAGS_connections >= 1 && FLAGS_depth >= 1) << "--connections and --depth are at least 1";
  CHECK(FLAGS_keys >= 1 && FLAGS_keys <= 100'000'000) << "--keys is 1 to 100000000";
  CHECK_LE(FLAGS_value_size, 60000u) << "--value_size is at most 60000";
  CHECK(FLAGS_seconds > 0 && FLAGS_warm_up >= 0) << "--seconds is more than 0, --warm_up not less";
}

int Run() {
  CheckFlags();
  AllowOpenFiles(FLAGS_connections + 100);
  Load load{.kind = ReadKind(), .depth = FLAGS_depth, .keys = FLAGS_keys, .value_bytes = FLAGS_value_size};
  LoadRun run(&load);
  if (load.kind == LoadKind::kFill) {
    run.RunToEnd();
  } else {
    run.RunFor(FLAGS_warm_up);
    const Mark begin = run.Now();
    run.RunFor(FLAGS_seconds);
    const Mark end = run.Now();
    const double seconds = Seconds(end.at - begin.at).count();
    const auto answers = static_cast<double>(end.answers - begin.answers);
    const double server_seconds = end.server_seconds - begin.server_seconds;
    std::printf("%.0f %.2f %.2f %.2f\n", answers / seconds, (end.own_seconds - begin.own_seconds) / seconds,
                server_seconds / seconds, answers > 0 ? server_seconds / answers * 1e6 : 0.0);
  }
  for (const auto& [failure, count] : load.failures) {
    std::fprintf(stderr, "%llu answers were no success: %s\n", static_cast<unsigned long long>(count), failure.c_str());
  }
  return load.failures.empty() ? 0 : 1;
}

}  // namespace
}  // namespace quoin::bench

int main(int argc, char** argv) {
  FLAGS_logtostderr = true;
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  google::InitGoogleLogging(argv[0]);
  return quoin::bench::Run();
}
