#include "tests/cluster/watch_judgement.h"

#include <glog/logging.h>

#include "tests/cluster/agreement.h"

namespace quoin::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kBetweenLooks{20};
// A watch that has to catch up is told the newest states only, and nothing says so (docs/watch.md): at the first write
// since a partition got its leader, or after a machine stood still for seconds. That doesn't happen so often in a row.
constexpr int kPeaces = 3;

std::string FirstComplaint(Watchers* watchers) {
  const auto complaints = watchers->Complaints();
  if (complaints.empty()) return "";
  std::string text = "watches:";
  for (const std::string& complaint : complaints) text += "\n  " + complaint;
  return text;
}

std::string AwaitNewest(TestCluster& cluster, std::chrono::seconds limit, Watchers* watchers) {
  const auto start = steady_clock::now();
  for (;;) {
    // Read anew each time: times to live end meanwhile.
    const auto stored = ReadStored(cluster, *cluster.members().begin(), watchers->Keys());
    const std::string difference = stored.ok() ? watchers->Compare(*stored) : stored.status().message();
    if (difference.empty()) return "";
    if (!cluster.deaths().empty()) return cluster.deaths().front();
    if (steady_clock::now() - start > limit) {
      return "watches: after " + std::to_string(limit.count()) + " s " + difference + "\n" + cluster.Statuses();
    }
    cluster.Pass(kBetweenLooks);
  }
}

}  // namespace

std::string JudgeWatches(TestCluster& cluster, std::chrono::seconds limit, Watchers* watchers) {
  std::string left_out;
  for (int i = 0; i < kPeaces; ++i) {
    if (std::string stale = AwaitNewest(cluster, limit, watchers); !stale.empty()) return stale;
    watchers->BeginPeace();
    cluster.Await("the writes of peace are done", limit, [&] { return watchers->MissingForPeace(); });
    if (std::string stale = AwaitNewest(cluster, limit, watchers); !stale.empty()) return stale;
    left_out = watchers->LeftOutInPeace();
    if (std::string complaint = FirstComplaint(watchers); !complaint.empty()) return complaint;
    if (left_out.empty()) break;
    LOG(WARNING) << "in peace: " << left_out;
  }
  watchers->ForgetTold();
  return left_out.empty() ? "" : "watches, in peace, " + std::to_string(kPeaces) + " times: " + left_out;
}

}  // namespace quoin::tests
