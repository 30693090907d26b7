// Thousands of watchers on one node, some of which never read, while another client writes at a fixed rate: how long an
// event takes from the moment when its write was due to its watcher, and what the watchers cost the node in resident
// memory (tests/bench/watchers.sh). In the end every watcher that reads must have been told the last value of its key.
#include <gflags/gflags.h>
#include <glog/logging.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "net/proto/quoin.pb.h"
#include "tests/bench/processes.h"
#include "tests/bench/websocket_client.h"

DEFINE_uint32(port, 0, "of the node, on 127.0.0.1");
DEFINE_uint32(node_pid, 0, "the node's process");
DEFINE_uint32(watchers, 5000, "WebSockets that each watch one key");
DEFINE_uint32(deaf, 10, "further WebSockets that watch all keys and never read");
DEFINE_uint32(keys, 500, "the watchers are shared out among them, and so are the writes");
DEFINE_uint32(rate, 1000, "writes per second");
DEFINE_uint32(seconds, 20, "how long to write");
DEFINE_uint32(value_size, 100, "bytes, at least 16");

namespace quoin::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::seconds(60);
constexpr auto kQuiet = std::chrono::seconds(2);  // After the last write.

double ResidentMib() {
  return static_cast<double>(UseOf({FLAGS_node_pid}).resident_bytes) / (1 << 20);
}

std::string KeyOf(std::uint64_t number) { return "watch/" + std::to_string(number); }

struct Stamp {
  std::uint64_t number = 0;  // Of the write.
  std::int64_t due_ns = 0;
};

class Run {
 public:
  int Go() {
    AllowOpenFiles(FLAGS_watchers + FLAGS_deaf + 100);
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    PCHECK(epoll_ >= 0);
    writer_ = Open();
    connections_[writer_].writer = true;
    const double before = ResidentMib();
    for (std::uint32_t i = 0; i < FLAGS_watchers + FLAGS_deaf; ++i) {
      const std::size_t at = Open();
      v1::ClientFrame frame;
      frame.set_id(1);
      v1::WatchTarget* target = frame.mutable_watch()->add_targets();
      if (i < FLAGS_watchers) {
        connections_[at].key = i % FLAGS_keys;
        target->set_key(KeyOf(i % FLAGS_keys));
      } else {
        connections_[at].deaf = true;
        target->set_prefix("watch/");
      }
      Send(at, frame);
      Poll(0);
    }
    Await([this] { return synced_ == FLAGS_watchers; }, "the watchers are told their state");
    const double opened = ResidentMib();
    Write();
    const Clock::time_point quiet = Clock::now() + kQuiet;
    while (Clock::now() < quiet) Poll(10);
    Report(before, opened);
    return stale_ == 0 ? 0 : 1;
  }

 private:
  struct Connection {
    OpenedWebSocket opened;
    std::uint32_t key = 0;
    bool writer = false;
    bool deaf = false;
    std::uint64_t last = 0;  // The write that it was told of last.
  };

  std::size_t Open() {
    connections_.emplace_back();
    Connection& connection = connections_.back();
    connection.opened = OpenWebSocket(static_cast<std::uint16_t>(FLAGS_port));
    const std::size_t at = connections_.size() - 1;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = at;
    PCHECK(::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.opened.socket, &event) == 0);
    return at;
  }
  void Send(std::size_t at, const v1::ClientFrame& frame) {
    const std::string bytes = MaskedFrame(kBinary, frame.SerializeAsString());
    const int socket = connections_[at].opened.socket;
    PCHECK(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  }
  template <typename Done>
  void Await(const Done& done, const char* what) {
    const Clock::time_point until = Clock::now() + kPatience;
    while (!done()) {
      CHECK(Clock::now() < until) << "not within a minute: " << what;
      Poll(10);
    }
  }
  void Poll(int milliseconds) {
    epoll_event events[256];
    const int count = ::epoll_wait(epoll_, events, 256, milliseconds);
    for (int i = 0; i < count; ++i) Read(events[i].data.u64);
  }
  void Read(std::size_t at) {
    Connection& connection = connections_[at];
    if (connection.deaf) {
      // Never again: what it is sent stays where it is.
      PCHECK(::epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.opened.socket, nullptr) == 0);
      return;
    }
    char more[16384];
    const ssize_t count = ::recv(connection.opened.socket, more, sizeof more, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    PCHECK(count >= 0);
    CHECK_GT(count, 0) << "the node closed the connection of a watcher that reads";
    connection.opened.rest.append(more, static_cast<std::size_t>(count));
    std::string_view bytes = connection.opened.rest;
    while (const auto frame = TakeFrame(&bytes)) {
      if (frame->opcode == kPing) {
        const std::string pong = MaskedFrame(kPong, frame->payload);
        PCHECK(::send(connection.opened.socket, pong.data(), pong.size(), MSG_NOSIGNAL) > 0);
        continue;
      }
      CHECK_EQ(frame->opcode, kBinary) << "the node closed a watcher that reads";
      v1::ServerFrame said;
      CHECK(said.ParseFromString(std::string(frame->payload)));
      if (said.has_result()) OnResult(connection, said.result());
      for (const v1::Event& event : said.events().events()) OnEvent(connection, event);
    }
    connection.opened.rest.erase(0, connection.opened.rest.size() - bytes.size());
  }
  void OnResult(const Connection& connection, const v1::Result& result) {
    CHECK(connection.writer) << "a watch ended: " << result.ShortDebugString();
    CHECK_EQ(result.outcome(), v1::DONE) << result.ShortDebugString();
    ++acknowledged_;
  }
  void OnEvent(Connection& connection, const v1::Event& event) {
    if (event.kind() == v1::Event::SYNCED) ++synced_;
    if (event.kind() == v1::Event::GAP) ++gaps_;
    if (event.kind() != v1::Event::PUT) return;
    ++told_;
    skipped_ += event.skipped();
    Stamp stamp;
    CHECK_GE(event.state().value().size(), sizeof stamp);
    std::memcpy(&stamp, event.state().value().data(), sizeof stamp);
    CHECK_GT(stamp.number, connection.last) << "told out of order";
    connection.last = stamp.number;
    latencies_us_.push_back((Clock::now().time_since_epoch().count() - stamp.due_ns) / 1000);
  }
  void Write() {
    const Clock::time_point start = Clock::now();
    const std::uint64_t writes = std::uint64_t{FLAGS_rate} * FLAGS_seconds;
    last_write_.resize(FLAGS_keys);
    v1::ClientFrame frame;
    std::string value(FLAGS_value_size, 'v');
    for (std::uint64_t i = 1; i <= writes; ++i) {
      const Clock::time_point due = start + std::chrono::nanoseconds(i * 1'000'000'000 / FLAGS_rate);
      while (Clock::now() < due) Poll(due - Clock::now() > std::chrono::milliseconds(1) ? 1 : 0);
      const Stamp stamp{i, due.time_since_epoch().count()};
      std::memcpy(value.data(), &stamp, sizeof stamp);
      frame.set_id(static_cast<std::uint32_t>(i));
      frame.mutable_operation()->set_key(KeyOf(i % FLAGS_keys));
      frame.mutable_operation()->mutable_put()->set_value(value);
      Send(writer_, frame);
      last_write_[i % FLAGS_keys] = i;
      if (i % FLAGS_rate == 0) most_mib_ = std::max(most_mib_, ResidentMib());
    }
    Await([&] { return acknowledged_ == writes; }, "all writes are acknowledged");
  }
  void Report(double before, double opened) {
    std::sort(latencies_us_.begin(), latencies_us_.end());
    const auto percentile = [&](double part) {
      const auto at = static_cast<std::size_t>(part * static_cast<double>(latencies_us_.size() - 1));
      return latencies_us_.empty() ? 0.0 : static_cast<double>(latencies_us_[at]) / 1000;
    };
    for (const Connection& connection : connections_) {
      if (!connection.writer && !connection.deaf && connection.last != last_write_[connection.key]) ++stale_;
    }
    const std::uint64_t each = FLAGS_watchers / FLAGS_keys;
    std::printf("%u watchers of %u keys, %u of all keys that never read; %u writes/s of %u bytes for %u s\n", FLAGS_watchers,
                FLAGS_keys, FLAGS_deaf, FLAGS_rate, FLAGS_value_size, FLAGS_seconds);
    std::printf("told %llu events (%llu writes times %llu watchers), left out for newer ones %llu, gaps %llu\n",
                static_cast<unsigned long long>(told_), static_cast<unsigned long long>(acknowledged_),
                static_cast<unsigned long long>(each), static_cast<unsigned long long>(skipped_),
                static_cast<unsigned long long>(gaps_));
    std::printf("from the write's time to its watcher: p50 %.1f ms, p99 %.1f ms, p99.9 %.1f ms, worst %.1f ms\n",
                percentile(0.5), percentile(0.99), percentile(0.999), percentile(1));
    std::printf("node: %.1f MiB resident before, %.1f with all watchers (%.1f KiB each), at most %.1f while writing, %.1f at "
                "the end\n",
                before, opened, (opened - before) * 1024 / (FLAGS_watchers + FLAGS_deaf), most_mib_, ResidentMib());
    std::printf("watchers that were not told the last value of their key: %llu\n",
                static_cast<unsigned long long>(stale_));
  }

  int epoll_ = -1;
  std::vector<Connection> connections_;
  std::size_t writer_ = 0;
  std::uint64_t synced_ = 0, told_ = 0, skipped_ = 0, gaps_ = 0, acknowledged_ = 0, stale_ = 0;
  std::vector<std::int64_t> latencies_us_;
  std::vector<std::uint64_t> last_write_;  // By key.
  double most_mib_ = 0;
};

int Main() {
  CHECK(FLAGS_port >= 1 && FLAGS_port <= 65535) << "--port is the node's, 1 to 65535";
  CHECK(FLAGS_keys >= 1 && FLAGS_rate >= 1) << "--keys and --rate are at least 1";
  CHECK_GE(FLAGS_value_size, sizeof(Stamp)) << "--value_size has room for the time";
  return Run().Go();
}

}  // namespace
}  // namespace quoin::bench

int main(int argc, char** argv) {
  FLAGS_logtostderr = true;
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  google::InitGoogleLogging(argv[0]);
  return quoin::bench::Main();
}
