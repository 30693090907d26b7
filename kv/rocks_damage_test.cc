// What damaged files lead to (invariant S5 of storage.h, design section 5.6). Each test damages a closed data directory
// in one way, again and again at every place, and opens it. Never may an acknowledged record be silently absent, old or
// wrong: the directory is refused, or the record is reported as damaged, or all is there.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kv/fault_file_system.h"
#include "kv/rocks_storage.h"
#include "kv/storage_testing.h"

namespace quoin::kv {
namespace {

namespace fs = std::filesystem;

constexpr PartitionId kPartition{3};
constexpr int kRecords = 22;
// About six records to a table file; the last ones are in the log only.
constexpr std::uint64_t kMemtableBytes = 1500;

std::string KeyOf(int i) { return "key" + std::to_string(i); }
std::string ValueFor(int i) { return std::string(40, static_cast<char>('a' + i)); }

Result<std::unique_ptr<Storage>> Open(const fs::path& directory) {
  RocksOptions options;
  options.directory = directory.string();
  options.memtable_bytes = kMemtableBytes;
  options.reserve_bytes = 0;
  options.cache_bytes = 1 << 20;
  // Spares the real disk its syncs.
  options.file_system = std::make_shared<FaultFileSystem>();
  options.engine_clock = std::make_shared<SleeplessClock>();
  return OpenRocksStorage(options);
}

enum class Outcome { kRefused, kReported, kIntact };

class RocksDamage : public testing::Test {
 protected:
  // A directory whose engine has table files, a manifest that grew, and a log with acknowledged records.
  RocksDamage() : pristine_(temporary_.path() / "pristine"), directory_(temporary_.path() / "data") {
    const std::unique_ptr<Storage> storage = *Open(pristine_);
    for (int i = 0; i < kRecords; ++i) {
      CHECK(PutOne(*storage, kPartition, KeyOf(i), MakeRecord(ValueFor(i))).ok());
    }
  }

  void Restore() {
    fs::remove_all(directory_);
    fs::copy(pristine_, directory_, fs::copy_options::recursive);
  }

  // Opens the directory and fails the test if anything that was acknowledged is silently not there.
  Outcome OpenAndCheck() {
    const Result<std::unique_ptr<Storage>> opened = Open(directory_);
    if (!opened.ok()) {
      EXPECT_TRUE(opened.code() == Code::kDamaged || opened.code() == Code::kIncompatible || opened.code() == Code::kIo)
          << opened.status();
      EXPECT_NE(opened.status().message(), "");
      return Outcome::kRefused;
    }
    Outcome outcome = Outcome::kIntact;
    for (int i = 0; i < kRecords; ++i) {
      const std::string value = ValueOf(**opened, kPartition, KeyOf(i));
      if (value == "<damaged>") {
        outcome = Outcome::kReported;
      } else {
        EXPECT_EQ(value, ValueFor(i)) << KeyOf(i);
      }
    }
    const std::vector<std::string> entries = ScanAll(**opened, kPartition);
    if (outcome == Outcome::kIntact) {
      EXPECT_EQ(entries.size(), static_cast<std::size_t>(kRecords));
    } else {
      EXPECT_TRUE(!entries.empty() && (entries.back() == "<damaged>" || entries.size() == kRecords));
    }
    return outcome;
  }

  // Flips one bit, another one in each byte, in every `stride`th byte.
  std::map<Outcome, int> FlipBits(const fs::path& file, std::size_t stride) {
    std::map<Outcome, int> outcomes;
    const std::string bytes = ReadFile(pristine_ / file);
    for (std::size_t at = 0; at < bytes.size() && !HasFailure(); at += stride) {
      SCOPED_TRACE(file.string() + " byte " + std::to_string(at) + " of " + std::to_string(bytes.size()));
      Restore();
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at * 5 % 8)));
      WriteFile(directory_ / file, damaged);
      ++outcomes[OpenAndCheck()];
    }
    return outcomes;
  }

  // Of the pristine directory, relative to it.
  std::vector<fs::path> EngineFiles(const std::string& contains) const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(pristine_ / "engine")) {
      const std::string name = entry.path().filename().string();
      if (name.find(contains) != std::string::npos) files.push_back(fs::path("engine") / name);
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  // The last log that holds anything.
  fs::path NewestLog() const {
    std::vector<fs::path> logs = EngineFiles(".log");
    std::erase_if(logs, [&](const fs::path& log) { return fs::file_size(pristine_ / log) == 0; });
    CHECK(!logs.empty());
    return logs.back();
  }

  TemporaryDirectory temporary_;
  const fs::path pristine_;
  const fs::path directory_;
};

TEST_F(RocksDamage, AnUndamagedDirectoryIsIntact) {
  Restore();
  EXPECT_EQ(OpenAndCheck(), Outcome::kIntact);
  ASSERT_GE(EngineFiles(".sst").size(), 2u);
  ASSERT_GT(fs::file_size(pristine_ / NewestLog()), 100u);
}

TEST_F(RocksDamage, AFlippedBitInTheNewestLogIsRefused) {
  const std::map<Outcome, int> outcomes = FlipBits(NewestLog(), 1);
  EXPECT_FALSE(outcomes.contains(Outcome::kIntact));
  EXPECT_FALSE(outcomes.contains(Outcome::kReported));
}

TEST_F(RocksDamage, AFlippedBitInATableFileIsRefusedOrReportedOnItsKeys) {
  std::map<Outcome, int> outcomes;
  for (const fs::path& table : EngineFiles(".sst")) {
    for (const auto& [outcome, count] : FlipBits(table, 7)) outcomes[outcome] += count;
  }
  EXPECT_GT(outcomes[Outcome::kRefused], 0);
  EXPECT_GT(outcomes[Outcome::kReported], 0);
}

TEST_F(RocksDamage, AFlippedBitInTheManifestLosesNothingSilently) {
  const std::map<Outcome, int> outcomes = FlipBits(EngineFiles("MANIFEST").back(), 1);
  EXPECT_TRUE(outcomes.contains(Outcome::kRefused));
}

TEST_F(RocksDamage, AFlippedBitInCurrentIsRefused) {
  const std::map<Outcome, int> outcomes = FlipBits("engine/CURRENT", 1);
  EXPECT_FALSE(outcomes.contains(Outcome::kIntact));
}

TEST_F(RocksDamage, AFlippedBitInTheMarkLosesNothing) {
  const std::map<Outcome, int> outcomes = FlipBits("acknowledged", 1);
  EXPECT_FALSE(outcomes.contains(Outcome::kReported));
}

TEST_F(RocksDamage, ANewestLogCutBelowWhatWasAcknowledgedIsRefused) {
  const std::string bytes = ReadFile(pristine_ / NewestLog());
  for (std::size_t size = 0; size < bytes.size() && !HasFailure(); ++size) {
    SCOPED_TRACE("cut to " + std::to_string(size) + " of " + std::to_string(bytes.size()));
    Restore();
    fs::resize_file(directory_ / NewestLog(), size);
    EXPECT_EQ(OpenAndCheck(), Outcome::kRefused);
  }
}

// Without the mark a log that was cut off can't be told from a torn tail; what is left is still a prefix.
TEST_F(RocksDamage, ANewestLogCutWithoutAMarkKeepsAPrefix) {
  const std::string bytes = ReadFile(pristine_ / NewestLog());
  for (std::size_t size = 0; size < bytes.size() && !HasFailure(); size += 13) {
    SCOPED_TRACE("cut to " + std::to_string(size) + " of " + std::to_string(bytes.size()));
    Restore();
    fs::resize_file(directory_ / NewestLog(), size);
    fs::remove(directory_ / "acknowledged");
    const std::unique_ptr<Storage> storage = *Open(directory_);
    bool ended = false;
    for (int i = 0; i < kRecords; ++i) {
      const std::string value = ValueOf(*storage, kPartition, KeyOf(i));
      EXPECT_EQ(value, ended || value == "<absent>" ? "<absent>" : ValueFor(i));
      ended = ended || value == "<absent>";
    }
    EXPECT_TRUE(ended);
  }
}

TEST_F(RocksDamage, ATornTailThatWasNeverAcknowledgedIsDropped) {
  const fs::path log = NewestLog();
  const std::string acknowledged = ReadFile(pristine_ / log);
  // What a crash in the middle of the next batch leaves: the log's next record, cut at any byte, and the mark of
  // before.
  Restore();
  std::string longer;
  {
    // The log that the reopened engine writes is a new one, so the record is taken from there.
    const std::unique_ptr<Storage> storage = *Open(directory_);
    ASSERT_TRUE(PutOne(*storage, kPartition, "torn", MakeRecord("never acknowledged")).ok());
    for (const auto& entry : fs::directory_iterator(directory_ / "engine")) {
      if (entry.path().extension() == ".log" && fs::file_size(entry.path()) > 0) longer = ReadFile(entry.path());
    }
  }
  ASSERT_GT(longer.size(), 20u);
  for (std::size_t size = 0; size < longer.size() && !HasFailure(); ++size) {
    SCOPED_TRACE("torn after " + std::to_string(size));
    Restore();
    WriteFile(directory_ / log, acknowledged + longer.substr(0, size));
    EXPECT_EQ(OpenAndCheck(), Outcome::kIntact);
  }
}

TEST_F(RocksDamage, AMissingFileIsRefusedUnlessTheEngineCanDoWithoutIt) {
  for (const auto& [contains, expected] : std::map<std::string, Outcome>{{".sst", Outcome::kRefused},
                                                                         {"MANIFEST", Outcome::kRefused},
                                                                         {"CURRENT", Outcome::kRefused},
                                                                         {"IDENTITY", Outcome::kIntact},
                                                                         {"OPTIONS", Outcome::kIntact}}) {
    const std::vector<fs::path> files = EngineFiles(contains);
    ASSERT_FALSE(files.empty()) << contains;
    for (const fs::path& file : files) {
      SCOPED_TRACE(file);
      Restore();
      fs::remove(directory_ / file);
      EXPECT_EQ(OpenAndCheck(), expected);
    }
  }
  Restore();
  fs::remove(directory_ / NewestLog());
  EXPECT_EQ(OpenAndCheck(), Outcome::kRefused);
}

// A torn manifest takes a table file with it whose log is gone already; the log after it must not hide that.
TEST_F(RocksDamage, AManifestCutAtAnyByteLosesNothingSilently) {
  const fs::path manifest = EngineFiles("MANIFEST").back();
  const std::size_t whole = fs::file_size(pristine_ / manifest);
  for (std::size_t size = 0; size < whole && !HasFailure(); ++size) {
    SCOPED_TRACE("cut to " + std::to_string(size) + " of " + std::to_string(whole));
    Restore();
    fs::resize_file(directory_ / manifest, size);
    OpenAndCheck();
  }
}

}  // namespace
}  // namespace quoin::kv
