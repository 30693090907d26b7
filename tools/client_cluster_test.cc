#include "tools/client_cluster.h"

#include <gtest/gtest.h>

namespace quoin::tools {
namespace {

// As docs/api.md shows it.
constexpr const char* kStatus = R"(
{"cluster": "0123456789abcdef", "node": "00c0ffee00c0ffee", "joined": true, "epoch": 41, "replication_factor": 3,
 "controller": "00c0ffee00c0ffee",
 "partitions": {"total": 256, "moving": 8, "leaderless": 0},
 "nodes": [
  {"node": "00c0ffee00c0ffee", "state": "active", "heard": true, "client_address": "127.0.0.1:8080",
   "peer_address": "127.0.0.1:7080", "zone": "", "weight": 1, "replicas": 192, "incoming": 0, "leads": 64},
  {"node": "00c0ffee00c0ff04", "state": "draining", "heard": false, "client_address": "127.0.0.1:8084"}
 ],
 "own": {"leads": 64, "complete": 64, "equal": 64, "lagging_keys": 0},
 "actions": [
  {"action": "drain", "state": "running", "node": "00c0ffee00c0ff04", "with": null,
   "since": "2026-01-02T03:04:05.678Z", "ended": null, "partitions": {"done": 17, "total": 193},
   "keys": {"copied": 66210, "total": 750100}, "bytes": {"copied": 7944000, "total": 90012000},
   "keys_per_s": 11034.5, "bytes_per_s": 1324140.0, "eta_s": 62},
  {"action": "balance", "state": "running", "node": null, "eta_s": null}
 ],
 "refusals": [
  {"wish": "drain", "node": "00c0ffee00c0ff05", "with": null, "at": "2026-01-02T03:04:01.000Z", "reason": "because"}
 ]})";

TEST(ParseClusterStatus, ReadsWhatIsDocumented) {
  const auto status = ParseClusterStatus(kStatus);
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_TRUE(status->joined);
  EXPECT_EQ(status->epoch, 41u);
  EXPECT_EQ(status->replication_factor, 3u);
  EXPECT_EQ(status->controller, "00c0ffee00c0ffee");
  EXPECT_EQ(status->partitions, 256u);
  EXPECT_EQ(status->moving, 8u);
  ASSERT_EQ(status->nodes.size(), 2u);
  EXPECT_EQ(status->nodes[0].replicas, 192u);
  EXPECT_EQ(status->nodes[0].leads, 64u);
  EXPECT_TRUE(status->nodes[0].heard);
  EXPECT_EQ(status->nodes[1].state, "draining");
  ASSERT_EQ(status->actions.size(), 2u);
  const ClusterAction& drain = status->actions[0];
  EXPECT_EQ(drain.partitions_done, 17u);
  EXPECT_EQ(drain.keys_copied, 66210u);
  EXPECT_EQ(drain.bytes_total, 90012000u);
  EXPECT_EQ(drain.bytes_per_s, 1324140.0);
  EXPECT_EQ(drain.eta_s, 62.0);
  EXPECT_EQ(drain.with, "");
  EXPECT_EQ(status->actions[1].node, "");
  EXPECT_EQ(status->actions[1].eta_s, std::nullopt);
  ASSERT_EQ(status->refusals.size(), 1u);
  EXPECT_EQ(status->refusals[0].reason, "because");
  EXPECT_EQ(status->Find("00c0ffee00c0ff04")->client_address, "127.0.0.1:8084");
  EXPECT_EQ(status->Find("00c0ffee"), nullptr);
}

TEST(ParseClusterStatus, RefusesWhatIsNotAboutAClusterAndOverlooksStrangeMembers) {
  for (const char* text : {"", "[]", "{}", "{\"nodes\": []} x"}) {
    EXPECT_EQ(ParseClusterStatus(text).code(), Code::kInvalid) << text;
  }
  const auto odd = ParseClusterStatus(R"({"nodes": [1, {"node": 7, "weight": -1}], "actions": "x", "partitions": []})");
  ASSERT_TRUE(odd.ok());
  ASSERT_EQ(odd->nodes.size(), 1u);
  EXPECT_EQ(odd->nodes[0].weight, 0u);
}

TEST(ParseRing, ReadsWhatIsDocumented) {
  const auto ring = ParseRing(R"({"epoch": 41, "partitions": [
      {"version": 7, "phase": "filling", "replicas": ["00c0ffee00c0ffee"], "incoming": ["00c0ffee00c0ff02"],
       "leader": null},
      {"version": 7, "phase": "stable", "leader": "00c0ffee00c0ffee"}]})");
  ASSERT_TRUE(ring.ok()) << ring.status();
  EXPECT_EQ(ring->epoch, 41u);
  ASSERT_EQ(ring->partitions.size(), 2u);
  EXPECT_TRUE(ring->partitions[0].moving);
  EXPECT_EQ(ring->partitions[0].leader, "");
  EXPECT_FALSE(ring->partitions[1].moving);
  EXPECT_EQ(ring->partitions[1].leader, "00c0ffee00c0ffee");
}

TEST(FindNode, TakesAUniquePrefixOrAnAddress) {
  const ClusterStatus status = ParseClusterStatus(kStatus).value();
  EXPECT_EQ(FindNode(status, "00c0ffee00c0ff04")->id, "00c0ffee00c0ff04");
  EXPECT_EQ(FindNode(status, "00c0ffee00c0ff0")->id, "00c0ffee00c0ff04");
  EXPECT_EQ(FindNode(status, "127.0.0.1:8084")->id, "00c0ffee00c0ff04");
  EXPECT_EQ(FindNode(status, "127.0.0.1:7080")->id, "00c0ffee00c0ffee");
  const Status both = FindNode(status, "00c0").status();
  EXPECT_NE(both.message().find("'00c0' may be any of 00c0ffee00c0ffee (127.0.0.1:8080), 00c0ffee00c0ff04"),
            std::string::npos)
      << both;
  const Status none = FindNode(status, "ff").status();
  EXPECT_NE(none.message().find("there are 00c0ffee00c0ffee"), std::string::npos) << none;
  EXPECT_FALSE(FindNode(status, "").ok());
}

}  // namespace
}  // namespace quoin::tools
