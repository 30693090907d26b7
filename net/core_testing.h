// For tests of what stands on the core: how a node that is a cluster by itself is started.
#pragma once

#include <cstdint>

#include "base/ids.h"
#include "net/core_driver.h"

namespace quoin::net {

// Of node 7 in cluster 8.
inline quorum::NodeOptions OptionsOfOneNode(std::uint32_t partition_count) {
  quorum::NodeOptions options;
  options.self = NodeId{7};
  options.boot = 1;
  options.cluster = ClusterId{8};
  options.partition_count = partition_count;
  options.member.peer_address = options.member.client_address = "127.0.0.1:8080";
  options.max_value_bytes = 1 << 20;
  return options;
}

}  // namespace quoin::net
