// What the tests of fuzz targets share: the inputs of a corpus, and seeded mutations of them.
#pragma once

#include <map>
#include <string>

namespace quoin::net {

// Of each file in the folder, by its name.
std::map<std::string, std::string> ReadCorpus(const std::string& folder);

// As the fuzzer would call LLVMFuzzerTestOneInput, which the test links.
void Fuzz(const std::string& bytes);

// Fuzzes so many mutations of the corpus' inputs, always the same ones, of at most `most_bytes` each.
// REQUIRES: the corpus is not empty.
void FuzzMutations(const std::map<std::string, std::string>& corpus, int mutations, std::size_t most_bytes);

}  // namespace quoin::net
