#include "tools/cluster_node_flags.h"

namespace quoin::tools {

Result<std::vector<std::string>> NodeFlags(int argc, char** argv) {
  std::vector<std::string> flags;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (!word.starts_with('-')) {
      return Status(Code::kInvalid, "cluster takes flags, and '" + word +
                                        "' is none; flags for the nodes stand behind --, as --name=value");
    }
    for (const char* ours : {"listen", "peer_listen", "data_dir", "join"}) {
      const std::string name =
          word.substr(word.find_first_not_of('-') == std::string::npos ? 0 : word.find_first_not_of('-'));
      if (name == ours || name.starts_with(std::string(ours) + "=")) {
        return Status(Code::kInvalid, "--" + std::string(ours) + " is not for the nodes: cluster gives each its own" +
                                          (std::string(ours) == "join" ? "" : " from its own flag of that name"));
      }
    }
    flags.push_back(word);
  }
  return flags;
}

}  // namespace quoin::tools
