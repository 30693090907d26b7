// The bytes of a topology: what the topology register stores, and what rides on refusals and gossip's answers.
//
//   byte 0       format, 1
//   bytes 1..8   XXH3-64 of the format and the payload, lowest byte first
//   payload      varints unless said otherwise:
//     cluster (8 bytes), epoch, replication factor, R, W (0: majority)
//     members: count; each id (8 bytes), state (1 byte), weight, peer address, client address, zone (sized strings);
//              ids go up
//     the system partition's configuration
//     partitions: their number's logarithm (1 byte), then each one's configuration
//   configuration: version, phase (1 byte), replicas, and, unless stable, incoming
//   replica set: N, R, W, then each node as its place among the members
//
// One topology has one encoding, and only a topology that passes Check() has one. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/status.h"
#include "ring/topology.h"

namespace quoin::ring {

// 256 partitions of three replicas on 50 nodes take about 4.5 KiB.
// REQUIRES: topology.Check().ok()
std::string EncodeTopology(const Topology& topology);

// kDamaged when the bytes are not what EncodeTopology makes of some valid topology; kIncompatible when a newer program
// wrote them. Never reads outside `bytes` and never holds memory out of proportion to them, whatever they are.
Result<Topology> DecodeTopology(std::string_view bytes);

}  // namespace quoin::ring
