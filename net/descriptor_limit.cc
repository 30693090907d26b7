#include "net/descriptor_limit.h"

#include <glog/logging.h>
#include <sys/resource.h>

#include <algorithm>
#include <string>

#include "net/peer_dial_backs.h"
#include "ring/topology.h"

namespace quoin::net {
namespace {

// Standard streams, the log's files, both listeners, the data directory's lock and mark, name look-ups, and whatever a
// library opens for a moment.
constexpr std::uint64_t kOwn = 64;
// The epoll set, event and timer of its loop, and its own epoll set (net/readiness.h).
constexpr std::uint64_t kPerShard = 4;
// What the engine opens besides the tables that it counts: its cache of tables has 64 parts and rounds each part's
// share up, up to 36 fresh tables are in use together before it stops writes, and there are logs, the manifest, the
// info log, folders, and the tables that are being written.
constexpr std::uint64_t kEngineBesides = 128;
// Of a member: a connection in each direction, and one that asks for its counts.
constexpr std::uint64_t kPerMember = 3;
constexpr std::uint64_t kLeastMembers = 32;
// Of the limit, for members and for strangers on the peers' address; within bounds.
constexpr std::uint64_t kMembersPart = 16;
constexpr std::uint64_t kGreetingPart = 32;
constexpr std::uint64_t kLeastGreeting = 16;
constexpr std::uint64_t kMostGreeting = 256;
// Below these a node is no use to anybody.
constexpr std::uint64_t kLeastConnections = 16;
constexpr std::uint64_t kLeastEngineFiles = 128;

std::uint64_t Greeting(std::uint64_t limit) { return std::clamp(limit / kGreetingPart, kLeastGreeting, kMostGreeting); }

std::uint64_t Reserved(std::uint64_t limit, const DescriptorWishes& wishes) {
  const std::uint64_t members =
      std::clamp(limit / kMembersPart, kPerMember * kLeastMembers, kPerMember * ring::kMaxMembers);
  const std::uint64_t engine = wishes.engine_files == 0 ? 0 : kEngineBesides;
  return kOwn + kPerShard * wishes.shards + engine + members + Greeting(limit) + PeerDialBacks::kMostAtOnce;
}

// What clients and the engine's tables may share. Grows no faster than the limit.
std::uint64_t Shared(std::uint64_t limit, const DescriptorWishes& wishes) {
  return limit - std::min(limit, Reserved(limit, wishes));
}

// The lowest limit with so much to share. No step is too large, because of how slowly Shared grows.
std::uint64_t LimitFor(std::uint64_t shared, const DescriptorWishes& wishes) {
  std::uint64_t limit = shared;
  while (Shared(limit, wishes) < shared) limit += shared - Shared(limit, wishes);
  return limit;
}

}  // namespace

std::uint64_t LimitThatSuffices(const DescriptorWishes& wishes) {
  return LimitFor(std::uint64_t{wishes.connections} + wishes.engine_files, wishes);
}

Result<DescriptorPlan> PlanDescriptors(std::uint64_t limit, const DescriptorWishes& wishes) {
  const std::uint64_t least_connections = std::min<std::uint64_t>(wishes.connections, kLeastConnections);
  const std::uint64_t least_files = std::min<std::uint64_t>(wishes.engine_files, kLeastEngineFiles);
  const std::uint64_t shared = Shared(limit, wishes);
  if (shared < least_connections + least_files) {
    return Status(Code::kInvalid, "the process may have " + std::to_string(limit) +
                                      " files open, which is too few for a node: say `ulimit -n " +
                                      std::to_string(LimitFor(least_connections + least_files, wishes)) +
                                      "` or more before it starts (LimitNOFILE= with systemd); `ulimit -n " +
                                      std::to_string(LimitThatSuffices(wishes)) + "` is enough for all its flags");
  }
  // Where there isn't enough for both, the engine takes half: with fewer tables open it is slower, and clients beyond
  // their number are told to come back.
  const std::uint64_t left_by_clients = shared - std::min<std::uint64_t>(shared, wishes.connections);
  DescriptorPlan plan;
  plan.engine_files =
      std::min<std::uint64_t>(wishes.engine_files, std::max({shared / 2, left_by_clients, least_files}));
  plan.connections = std::min<std::uint64_t>(wishes.connections, shared - plan.engine_files);
  plan.greeting_peers = Greeting(limit);
  return plan;
}

std::uint64_t RaiseDescriptorLimit() {
  rlimit limit{};
  PCHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  rlimit raised = limit;
  raised.rlim_cur = raised.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0) return raised.rlim_cur;
  PLOG(WARNING) << "the limit of open files stays at " << limit.rlim_cur;
  return limit.rlim_cur;
}

}  // namespace quoin::net
