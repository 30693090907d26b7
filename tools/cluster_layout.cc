#include "tools/cluster_layout.h"

#include <boost/json.hpp>
#include <fstream>
#include <sstream>
#include <utility>

#include "net/address.h"

namespace quoin::tools {
namespace {

namespace json = boost::json;

constexpr char kFileName[] = "cluster.json";

// The base's address with so much added to its port, unless that is 0.
Result<std::string> Shifted(const std::string& flag, const std::string& base, std::size_t by) {
  const auto address = net::ParseAddress(base);
  if (!address.ok()) return Status(Code::kInvalid, flag + ": " + address.status().message());
  if (address->port == 0) return base;
  const std::size_t port = address->port + by;
  if (port > 65535) {
    return Status(Code::kInvalid, flag + "=" + base + ": node " + std::to_string(by + 1) + " would need port " +
                                      std::to_string(port) + "; begin at " + std::to_string(65535 - by) + " or lower");
  }
  return base.substr(0, base.rfind(':') + 1) + std::to_string(port);
}

std::string Count(std::size_t nodes) { return std::to_string(nodes) + (nodes == 1 ? " node" : " nodes"); }

Status CheckBase(const std::string& flag, const std::optional<std::string>& wish, const std::string& has) {
  if (!wish || *wish == has) return Status::Ok();
  return Status(Code::kInvalid, "--" + flag + "=" + *wish + ": the cluster in --data_dir was made with --" + flag +
                                    "=" + has + "; leave the flag out");
}

bool ReadText(const json::object& object, std::string_view member, std::string* text) {
  const json::value* value = object.if_contains(member);
  if (value == nullptr || !value->is_string()) return false;
  *text = std::string(value->as_string());
  return true;
}

// "listen" and "peer_listen", which must be addresses.
bool ReadAddresses(const json::object& object, std::string* listen, std::string* peer_listen) {
  return ReadText(object, "listen", listen) && ReadText(object, "peer_listen", peer_listen) &&
         net::ParseAddress(*listen).ok() && net::ParseAddress(*peer_listen).ok();
}

std::optional<ClusterLayout> ParseLayout(const std::string& text) {
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error);
  if (error || !parsed.is_object()) return std::nullopt;
  const json::object& object = parsed.as_object();
  const json::value* nodes = object.if_contains("nodes");
  ClusterLayout layout;
  if (nodes == nullptr || !nodes->is_array() || !ReadAddresses(object, &layout.listen, &layout.peer_listen)) {
    return std::nullopt;
  }
  for (const json::value& entry : nodes->as_array()) {
    NodePlace place;
    if (!entry.is_object() || !ReadText(entry.as_object(), "name", &place.name) ||
        !ReadAddresses(entry.as_object(), &place.listen, &place.peer_listen)) {
      return std::nullopt;
    }
    // Names become folders; a file that was edited by hand must not lead elsewhere.
    if (place.name != "n" + std::to_string(layout.nodes.size() + 1)) return std::nullopt;
    layout.nodes.push_back(std::move(place));
  }
  if (layout.nodes.empty() || layout.nodes.size() > kMaxLocalNodes) return std::nullopt;
  return layout;
}

}  // namespace

Result<NodePlace> NextPlace(const ClusterLayout& layout) {
  const std::size_t count = layout.nodes.size();
  if (count >= kMaxLocalNodes) return Status(Code::kInvalid, "a local cluster has at most " + Count(kMaxLocalNodes));
  const auto clients = Shifted("--listen", layout.listen, count);
  if (!clients.ok()) return clients.status();
  const auto peers = Shifted("--peer_listen", layout.peer_listen, count);
  if (!peers.ok()) return peers.status();
  return NodePlace{"n" + std::to_string(count + 1), *clients, *peers};
}

Result<ClusterLayout> ChooseLayout(const std::optional<ClusterLayout>& kept, const LayoutWish& wish,
                                   const ClusterLayout& usual, std::size_t usual_nodes) {
  if (kept) {
    if (wish.nodes && *wish.nodes != kept->nodes.size()) {
      return Status(Code::kInvalid, "--nodes=" + std::to_string(*wish.nodes) + ": the cluster in --data_dir has " +
                                        Count(kept->nodes.size()) +
                                        "; leave --nodes out, and let `add` make it larger");
    }
    if (Status status = CheckBase("listen", wish.listen, kept->listen); !status.ok()) return status;
    if (Status status = CheckBase("peer_listen", wish.peer_listen, kept->peer_listen); !status.ok()) return status;
    return *kept;
  }
  ClusterLayout layout{wish.listen.value_or(usual.listen), wish.peer_listen.value_or(usual.peer_listen), {}};
  for (std::size_t i = 0; i < wish.nodes.value_or(usual_nodes); ++i) {
    auto place = NextPlace(layout);
    if (!place.ok()) return place.status();
    layout.nodes.push_back(*std::move(place));
  }
  return layout;
}

Result<std::optional<ClusterLayout>> ReadLayout(const std::filesystem::path& folder) {
  std::error_code error;
  const auto status = std::filesystem::status(folder, error);
  if (!std::filesystem::exists(status)) return std::optional<ClusterLayout>();
  if (!std::filesystem::is_directory(status)) return Status(Code::kIncompatible, folder.string() + " is no folder");
  const bool empty = std::filesystem::is_empty(folder, error);
  if (error) return Status(Code::kIncompatible, folder.string() + " can't be read: " + error.message());
  if (empty) return std::optional<ClusterLayout>();
  std::ifstream file(folder / kFileName, std::ios::binary);
  if (!file) {
    return Status(Code::kIncompatible, folder.string() + " holds something that is no local cluster (there is no " +
                                           std::string(kFileName) + "); name a folder that is empty or not there yet");
  }
  std::ostringstream text;
  text << file.rdbuf();
  auto layout = ParseLayout(text.str());
  if (!layout) {
    return Status(Code::kIncompatible, (folder / kFileName).string() +
                                           " is damaged: it must list n1, n2, ... in order, "
                                           "each with name, listen and peer_listen");
  }
  return layout;
}

Status WriteLayout(const std::filesystem::path& folder, const ClusterLayout& layout) {
  json::array nodes;
  for (const NodePlace& place : layout.nodes) {
    nodes.push_back({{"name", place.name}, {"listen", place.listen}, {"peer_listen", place.peer_listen}});
  }
  const std::filesystem::path fresh = folder / (std::string(kFileName) + ".new");
  std::ofstream file(fresh, std::ios::binary);
  file << json::serialize(
              json::object{{"listen", layout.listen}, {"peer_listen", layout.peer_listen}, {"nodes", std::move(nodes)}})
       << "\n";
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(fresh, folder / kFileName, error);
  if (!file || error) return Status(Code::kIo, (folder / kFileName).string() + " can't be written");
  return Status::Ok();
}

void RemoveLayout(const std::filesystem::path& folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().filename() != kFileName) return;
  }
  if (!error) std::filesystem::remove(folder / kFileName, error);
}

}  // namespace quoin::tools
