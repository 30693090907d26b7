// Cursors: how far a watch has been told, as opaque bytes that any node of the cluster takes (docs/watch.md).
//
// The bytes, with numbers as varints (7 bits each, the lowest first, in their shortest form):
//   1 byte   the format, kFormat
//   8 bytes  the cluster's id, little-endian
//   number   log2 of the cluster's partition count
//   8 bytes  a digest of the watch's targets, little-endian
//   number   ballots: how many; of each the round (number) and the node (8 bytes, little-endian); strictly ascending
//   number   positions: how many; of each how far its partition is above the one before (number; the first: above 0),
//   the
//            index of its ballot (number) and its sequence (number)
//   4 bytes  the lowest 32 bits of the XXH3 hash of all before, little-endian
//
// Bounds: ring::kMaxPartitionCount positions. With P partitions and some tens of ballots it has about 4 P bytes.
// Threads: any; no state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "net/watch_source.h"
#include "quorum/watch.h"

namespace quoin::net {

// What a cursor is good for.
struct CursorScope {
  WatchSource::Cluster cluster;
  std::uint64_t targets_digest = 0;
};

// The same for the same set of targets, in whatever order and however often each is given.
std::uint64_t DigestOfTargets(std::vector<quorum::WatchTarget> targets);

std::string EncodeCursor(const CursorScope& scope, const quorum::WatchPositions& positions);
// kInvalid: it is damaged, of another cluster, or of other targets; the message says which.
Result<quorum::WatchPositions> DecodeCursor(const CursorScope& scope, std::string_view bytes);

// The bytes with their checksum behind them. For tests.
std::string SealCursor(std::string bytes);

// Cursors in URLs and header fields: base64url without padding (RFC 4648, section 5).
std::string CursorText(std::string_view bytes);
// kInvalid: it is no such text.
Result<std::string> ReadCursorText(std::string_view text);

}  // namespace quoin::net
