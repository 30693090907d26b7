#include "tests/cluster/verified_load.h"

#include <signal.h>

namespace quoin::tests {
namespace {

namespace json = boost::json;

ChildProcess::Options Command(const TestCluster& cluster, const VerifiedLoad::Options& options,
                              const std::filesystem::path& errors) {
  return {.argv = {std::filesystem::absolute("tools/bench"), "--server=" + cluster.Servers(),
                   "--workload=" + options.workload, "--key_prefix=" + options.prefix,
                   "--keys=" + std::to_string(options.keys), "--rate=" + std::to_string(options.rate),
                   "--seed=" + std::to_string(options.seed), "--verify", "--preload=no", "--warmup=0", "--duration=1d",
                   "--connections=16", "--depth=4", "--timeout=5s", "--output=json"},
          .environment = {},
          .stderr_file = errors};
}

std::uint64_t Count(const json::value& object, const char* member) {
  return object.at(member).to_number<std::uint64_t>();
}

}  // namespace

VerifiedLoad::VerifiedLoad(TestCluster& cluster, const Options& options)
    : bench_(Command(cluster, options, folder_.path() / "errors")) {
  cluster.Await("the load writes", kPatience, [&]() -> std::string {
    const auto page = cluster.Get(*cluster.members().begin(), "/v1/kv?limit=1&keys_only=true&prefix=" + options.prefix);
    if (!page.ok()) return page.status().message();
    if (page->at("entries").as_array().empty()) return "nothing is written; " + ReadFile(folder_.path() / "errors");
    return "";
  });
}

VerifiedLoad::Judgement VerifiedLoad::Finish() {
  bench_.Signal(SIGINT);
  const std::string output = bench_.ReadAll();
  const ExitStatus exit = bench_.Wait();
  Judgement judgement;
  judgement.wrong = exit.ToString() + "\n" + output + ReadFile(folder_.path() / "errors");
  boost::system::error_code error;
  const json::value report = json::parse(output, error);
  if (error) return judgement;
  judgement.done = Count(report.at("total"), "done") + Count(report.at("total"), "absent");
  judgement.errors = Count(report.at("total"), "errors");
  judgement.unknown = Count(report.at("total"), "unknown");
  judgement.longest_gap_s = report.at("longest_gap_s").to_number<double>();
  const json::value& verification = report.at("verification");
  std::uint64_t wrong = 0;
  for (const char* member : {"lost", "duplicated", "corrupt", "violating_keys", "undecided_keys", "unread_keys"}) {
    wrong += Count(verification, member);
  }
  // A load that did nothing would have shown nothing.
  if (exit.code == 0 && wrong == 0 && judgement.done > 0 && verification.at("verdict") == "linearizable") {
    judgement.wrong.clear();
  }
  return judgement;
}

}  // namespace quoin::tests
