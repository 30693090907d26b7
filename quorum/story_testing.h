// Story: one story of testdata/*.txt while it is being told. A TestCluster that is worked by commands.
//
// Commands (nodes are 1, 2, 3, ...; a ballot is written round.node, a set of nodes 1,2,3; its quorums are majorities):
//   cluster N                                  a new cluster; every story begins with one
//   compare                                    leaders compare the replicas from now on; without, none does
//   lead NODE [KEY]                            begins a round, KEY riding on Prepare
//   put NODE KEY VALUE [ttl=MS] [OPTIONS]      get, delete, incr, add (put if absent) alike; deliver nothing yet
//       OPTIONS: id=N  for=BALLOT  repeated=LOWEST-BALLOT  consistency=one|all
//   read NODE KEY                              asks every replica, without the leader
//   learn NODE VERSION PHASE SET [SET]         the node learns a configuration; PHASE: stable, filling or joint
//   hand-over NODE TO, scrub NODE, resend NODE what the leader does of its own accord
//   run                                        delivers until nothing moves
//   hold KIND [from=NODE] [to=NODE]            such messages stay under way, until release
//   drop KIND [from=NODE] [to=NODE]            such messages are lost, until release
//   twice KIND [from=NODE] [to=NODE]           such messages are doubled from now on, until release
//   release, down NODE, up NODE, hang NODE (its disk), unhang NODE, restart NODE, damage NODE KEY, pass MS
//   show KEY                                   what every replica holds durably
//   status NODE                                what the replica and its leader know
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "quorum/cluster_testing.h"

namespace quoin::quorum {

class Story {
 public:
  // What came of one command. It dies of one that makes no sense.
  std::string Do(const std::string& line);

 private:
  using Words = std::vector<std::string>;
  using Options = std::map<std::string, std::string>;

  void Run(Words words);
  void RunAt(std::uint64_t node, const Words& words, Options& options);
  void Filter(const Words& words, const Options& options);
  void Learn(std::uint64_t node, const Words& words);
  void Submit(std::uint64_t node, const Words& words, Options& options);
  void Start(std::uint64_t nodes);
  std::string StatusOf(std::uint64_t node);

  std::unique_ptr<TestCluster> cluster_;
  std::set<std::uint64_t> nodes_;
  std::uint64_t last_token_ = 0;
  std::map<std::uint64_t, std::string> names_;
  std::string out_;
};

}  // namespace quoin::quorum
