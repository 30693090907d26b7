#include "tools/client_cluster_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tools/client_ring_picture.h"

namespace quoin::tools {
namespace {

ClusterAction Drain() {
  ClusterAction action;
  action.action = "drain";
  action.state = "running";
  action.node = "00c0ffee00c0ff03";
  action.partitions_done = 17;
  action.partitions_total = 193;
  action.keys_copied = 1000;
  action.keys_total = 4000;
  action.bytes_copied = 1 << 20;
  action.bytes_total = 4 << 20;
  action.keys_per_s = 500.4;
  action.bytes_per_s = 1 << 19;
  action.eta_s = 6;
  return action;
}

ClusterStatus Three() {
  ClusterStatus status;
  status.joined = true;
  status.epoch = 9;
  status.replication_factor = 3;
  status.partitions = 8;
  status.moving = 1;
  status.controller = "00c0ffee00c0ff02";
  for (int i = 1; i <= 3; ++i) {
    ClusterNode node;
    node.id = "00c0ffee00c0ff0" + std::to_string(i);
    node.state = i == 3 ? "draining" : "active";
    node.heard = i != 3;
    node.client_address = "127.0.0.1:808" + std::to_string(i);
    node.weight = 1;
    node.replicas = 8;
    node.incoming = i == 1 ? 2 : 0;
    node.leads = i == 3 ? 2 : 3;
    status.nodes.push_back(node);
  }
  status.actions.push_back(Drain());
  return status;
}

tools::Ring RingOf(const std::string& leaders) {
  tools::Ring ring;
  ring.epoch = 9;
  for (const char c : leaders) {
    RingPartition partition;
    if (c != '?') partition.leader = std::string("00c0ffee00c0ff0") + c;
    ring.partitions.push_back(partition);
  }
  return ring;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(HumanSeconds, HasTheUnitThatFits) {
  EXPECT_EQ(HumanSeconds(0), "0 s");
  EXPECT_EQ(HumanSeconds(61.2), "62 s");
  EXPECT_EQ(HumanSeconds(200), "3 min 20 s");
  EXPECT_EQ(HumanSeconds(7500), "2 h 5 min");
}

TEST(ActionText, TellsPartitionsKeysBytesRateAndTimeLeft) {
  EXPECT_EQ(ActionText(Drain()),
            "drain of node 00c0ffee00c0ff03: 17 of 193 partitions, 1000 of 4000 keys, 1 MiB of 4 MiB, 512 KiB/s, "
            "500 keys/s, 6 s left");
  ClusterAction begun = Drain();
  begun.keys_total = begun.bytes_total = 0;
  begun.keys_per_s = begun.bytes_per_s = 0;
  begun.eta_s.reset();
  EXPECT_EQ(ActionText(begun), "drain of node 00c0ffee00c0ff03: 17 of 193 partitions");
}

TEST(ProgressLine, FitsTheTerminalWhateverItsWidth) {
  EXPECT_EQ(ProgressLine(Drain(), 200).substr(0, 23), "[#####...............] ");
  for (std::size_t width = 0; width < 200; ++width) EXPECT_LE(ProgressLine(Drain(), width).size(), width);
  EXPECT_NE(ProgressLine(Drain(), 110).find("17 of 193 partitions"), std::string::npos);
  EXPECT_EQ(ProgressLine(Drain(), 20), "17 of 193 partitions");
}

TEST(NodesTable, AlignsItsColumnsAndSaysWhatIsUnderWay) {
  ClusterStatus status = Three();
  status.refusals.push_back({"drain", "00c0ffee00c0ff01", "", "let another node join first"});
  const auto lines = Lines(NodesTable(status));
  ASSERT_EQ(lines.size(), 7u);
  EXPECT_EQ(lines[0], "NODE              STATE     HEARD  ADDRESS         ZONE  WEIGHT  PARTITIONS  LEADS");
  EXPECT_EQ(lines[1], "00c0ffee00c0ff01  active    yes    127.0.0.1:8081  -     1       8+2         3");
  EXPECT_EQ(lines[2], "00c0ffee00c0ff02  active    yes    127.0.0.1:8082  -     1       8           3      controller");
  EXPECT_EQ(lines[3], "00c0ffee00c0ff03  draining  no     127.0.0.1:8083  -     1       8           2");
  EXPECT_EQ(lines[4].substr(0, 42), "under way: drain of node 00c0ffee00c0ff03:");
  EXPECT_EQ(lines[5], "refused: drain of node 00c0ffee00c0ff01: let another node join first");
  EXPECT_EQ(lines[6], "3 nodes, 8 partitions, replication factor 3, 1 moving, 0 without a leader, epoch 9");
  EXPECT_EQ(NodesTable(ClusterStatus()), "this node belongs to no cluster yet\n");
}

TEST(NodesLines, HaveOneFieldPerTab) {
  const auto lines = Lines(NodesLines(Three()));
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0], "00c0ffee00c0ff01\tactive\tyes\t127.0.0.1:8081\t\t\t1\t8\t2\t3");
}

TEST(RingLines, HaveOnePartitionEach) {
  tools::Ring ring = RingOf("1?");
  ring.partitions[1].moving = true;
  EXPECT_EQ(RingLines(ring), "0\t00c0ffee00c0ff01\tstable\n1\t-\tmoving\n");
}

TEST(RingPicture, GoesClockwiseFromTheTop) {
  // Quarters: 1 at the upper right, 2 at the lower right, 3 at the lower left, nobody at the upper left.
  tools::Ring ring = RingOf("112233??");
  ring.partitions[3].moving = ring.partitions[2].moving = true;
  const auto lines = Lines(RingPicture(Three(), ring, 200, false));
  ASSERT_EQ(lines.size(), 16u) << "the ring, and the drain";
  const std::string top = lines[1].substr(0, 29), bottom = lines[13].substr(0, 29);
  EXPECT_EQ(top.find_first_of("BbCc"), std::string::npos) << top;
  EXPECT_LT(top.find('?'), top.find('A'));
  EXPECT_EQ(bottom.find_first_of("A?B"), std::string::npos) << bottom;
  EXPECT_LT(bottom.find('C'), bottom.find('b')) << "in lower case while it moves";
  EXPECT_NE(lines[7].find("up to 3 replicas"), std::string::npos);
}

TEST(RingPicture, ShowsSharesOfEachNode) {
  const std::string picture = RingPicture(Three(), RingOf("11122233"), 200, false);
  EXPECT_NE(picture.find("A 00c0ffee00c0ff01  127.0.0.1:8081  active"), std::string::npos) << picture;
  EXPECT_NE(picture.find("[########============] leads 3 (38%), holds 8 (100%), +2 coming"), std::string::npos);
  EXPECT_NE(picture.find("C 00c0ffee00c0ff03  127.0.0.1:8083  draining, not heard"), std::string::npos);
  EXPECT_NE(picture.find("17 of 193 partitions"), std::string::npos);
}

TEST(RingPicture, FitsTheTerminalWhateverItsWidth) {
  for (std::size_t width = 20; width < 130; ++width) {
    const std::string picture = RingPicture(Three(), RingOf("11122233"), width, false);
    for (const std::string& line : Lines(picture)) EXPECT_LE(line.size(), width) << line;
    EXPECT_NE(picture.find("C 00c0ffee00c0ff03"), std::string::npos) << "at " << width;
    EXPECT_EQ(picture.find("epoch 9") != std::string::npos, width >= 29) << "a narrow terminal gets no ring";
  }
}

TEST(RingPicture, HasColoursOnlyWhereTheyAreAsked) {
  EXPECT_EQ(RingPicture(Three(), RingOf("123"), 100, false).find('\x1b'), std::string::npos);
  EXPECT_NE(RingPicture(Three(), RingOf("123"), 100, true).find("\x1b[36mA\x1b[0m"), std::string::npos);
}

TEST(RingPicture, BearsAnythingThatANodeSays) {
  ClusterStatus status = Three();
  for (ClusterNode& node : status.nodes) node.id = node.state = node.client_address = "\x1b]0;owned\x07";
  status.nodes[0].leads = status.nodes[0].replicas = 1'000'000;
  status.actions[0].action = status.actions[0].node = "\x1b";
  for (const std::string& text :
       {RingPicture(status, RingOf(""), 80, false), RingPicture(status, RingOf("1"), 80, false), NodesTable(status),
        NodesLines(status)}) {
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
  }
  status.nodes.resize(1);
  status.nodes.resize(40);
  EXPECT_FALSE(RingPicture(status, RingOf("1"), 120, false).empty()) << "more nodes than rows and letters";
}

}  // namespace
}  // namespace quoin::tools
