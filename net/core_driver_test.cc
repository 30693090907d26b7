// What operators wish of a whole core, on the way from the front end that they asked.
#include "net/core_driver.h"

#include <glog/logging.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "kv/batch.h"
#include "kv/commit_queue.h"
#include "kv/memory_storage.h"
#include "kv/record.h"
#include "net/core_testing.h"
#include "net/shards.h"
#include "quorum/packet.h"
#include "quorum/progress.h"
#include "quorum/watch.h"
#include "ring/topology.h"
#include "ring/topology_codec.h"

namespace quoin::net {
namespace {

using ring::MemberState;

// Node 7, which controls a ring that its disk has. Nobody else is there, so what is to move stays where it is.
class CoreDriverTest : public testing::Test {
 protected:
  static constexpr NodeId kSelf{7}, kLeaves{8}, kStays{9};

  ~CoreDriverTest() override {
    shards_.Stop();
    commits_.reset();
  }

  void Start(MemberState state) {
    quorum::NodeOptions options = OptionsOfOneNode(1);
    options.timing.attempt = std::chrono::milliseconds(20);  // Settled, it knows who is alive.
    ring::Topology topology =
        ring::Bootstrap(options.cluster, kSelf, options.member, options.partition_count, options.goal);
    for (const NodeId node : {kSelf, kLeaves, kStays}) {
      options.member.state = node == kLeaves ? state : MemberState::kActive;
      topology.members.insert_or_assign(node, options.member);
    }
    topology.partitions[0].replicas = topology.goal.SetOf({kSelf, kLeaves, kStays});
    kv::Record kept;
    kept.value = ring::EncodeTopology(topology);
    kept.accepted = kept.changed = {{1, kSelf}, 1};
    kv::Batch batch;
    batch.PutRecord(quorum::kLocalPartition, quorum::kTopologyKey, kept);
    CHECK(storage_.Write(batch).ok());
    const Status started = driver_->Start(options);
    CHECK(started.ok()) << started;
    driver_->TakeNews([this](const std::vector<quorum::WatchNews>&) { LookForReplacement(); });
    driver_->Run();
    shards_.Start();
  }

  kv::MemoryStorage storage_{{.identity = {1, kSelf, ClusterId{8}, 1}}};
  std::unique_ptr<kv::CommitQueue> commits_ = std::make_unique<kv::CommitQueue>(storage_, kv::CommitQueue::Options{});
  Shards shards_{1, 1};
  std::unique_ptr<CoreDriver> driver_ = std::make_unique<CoreDriver>(storage_, *commits_, shards_, 0);
  std::promise<NodeId> successor_;  // Of the first replacement that the controller speaks of.

 private:
  // With each tick, on the driver's thread.
  void LookForReplacement() {
    const auto progress = driver_->Snapshot()->progress;
    if (found_ || progress == nullptr) return;
    for (const quorum::Action& action : progress->actions) {
      if (found_ || action.kind != quorum::Action::Kind::kReplace || action.node != kLeaves) continue;
      found_ = true;
      successor_.set_value(action.with);
    }
  }

  bool found_ = false;
};

TEST_F(CoreDriverTest, AReplacementOfANodeThatIsDrainingAlreadyReachesTheController) {
  Start(MemberState::kDraining);
  driver_->Ask({.wish = quorum::MembershipWish::kReplace, .node = kLeaves, .with = kStays});
  std::future<NodeId> successor = successor_.get_future();
  ASSERT_EQ(successor.wait_for(std::chrono::seconds(15)), std::future_status::ready);
  EXPECT_EQ(successor.get(), kStays);
}

}  // namespace
}  // namespace quoin::net
