// ClusterLayout: which nodes a local cluster has and where each of them listens, kept in its folder so that the same
// cluster comes up again on the same addresses.
//
// The file is cluster.json: {"listen": "127.0.0.1:8080", "peer_listen": "127.0.0.1:7080",
// "nodes": [{"name": "n1", "listen": "127.0.0.1:8080", "peer_listen": "127.0.0.1:7080"}]}.
// Pure but for ReadLayout, WriteLayout and RemoveLayout. Threads: any.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace quoin::tools {

inline constexpr std::size_t kMaxLocalNodes = 64;

struct NodePlace {
  std::string name;         // "n1", "n2", ...
  std::string listen;       // For clients, IP:port; port 0: a free one, until the node has said which.
  std::string peer_listen;  // The same for other nodes.

  friend bool operator==(const NodePlace&, const NodePlace&) = default;
};

struct ClusterLayout {
  // Where the first node listens, from which the others' ports follow; with port 0 every node takes free ones.
  std::string listen;
  std::string peer_listen;
  std::vector<NodePlace> nodes;  // At least one once it is chosen.

  friend bool operator==(const ClusterLayout&, const ClusterLayout&) = default;
};

// The next node: "n<k+1>" after k nodes, on base port + k, or on port 0 with a base of 0. kInvalid: a base is no
// IP:port, the port would be above 65535, or there are kMaxLocalNodes.
Result<NodePlace> NextPlace(const ClusterLayout& layout);

// What the person asked for; nullopt: left to us.
struct LayoutWish {
  std::optional<std::size_t> nodes;
  std::optional<std::string> listen;
  std::optional<std::string> peer_listen;
};
// The layout to start with: the one that is kept, or a new one of the wish, and of `usual` (its bases) and
// `usual_nodes` where that says nothing. kInvalid: the wish is against the one that is kept; the message says what
// would be right.
Result<ClusterLayout> ChooseLayout(const std::optional<ClusterLayout>& kept, const LayoutWish& wish,
                                   const ClusterLayout& usual, std::size_t usual_nodes);

// nullopt: the folder is empty or not there. kIncompatible: it holds something that is no local cluster, or the file
// can't be understood.
Result<std::optional<ClusterLayout>> ReadLayout(const std::filesystem::path& folder);
// Replaces the file as a whole. kIo: it can't be written.
Status WriteLayout(const std::filesystem::path& folder, const ClusterLayout& layout);
// Takes the file back, unless there is anything else in the folder, which would be nobody's without it.
void RemoveLayout(const std::filesystem::path& folder);

}  // namespace quoin::tools
