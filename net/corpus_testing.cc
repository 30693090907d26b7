#include "net/corpus_testing.h"

#include <glog/logging.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace quoin::net {

std::map<std::string, std::string> ReadCorpus(const std::string& folder) {
  std::map<std::string, std::string> inputs;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    inputs.emplace(entry.path().filename(), std::string(std::istreambuf_iterator<char>(file), {}));
  }
  return inputs;
}

void Fuzz(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

void FuzzMutations(const std::map<std::string, std::string>& corpus, int mutations, std::size_t most_bytes) {
  std::vector<std::string> inputs;
  for (const auto& [name, bytes] : corpus) inputs.push_back(bytes);
  CHECK(!inputs.empty());
  std::mt19937_64 random(1);
  for (int i = 0; i < mutations; ++i) {
    std::string bytes = inputs[random() % inputs.size()];
    for (std::uint64_t left = 1 + random() % 5; left > 0 && !bytes.empty(); --left) {
      const std::size_t at = random() % bytes.size();
      switch (random() % 4) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes.erase(at, random() % 9);
          break;
        case 2:
          bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 30));
          break;
        default:
          bytes += inputs[random() % inputs.size()];
      }
    }
    bytes.resize(std::min(bytes.size(), most_bytes));
    Fuzz(bytes);
  }
}

}  // namespace quoin::net
