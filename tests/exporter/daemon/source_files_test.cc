// SPDX-License-Identifier: Apache-2.0
// Which files and directories a configuration stands on; with links, as Kubernetes mounts them.
#include "exporter/daemon/source_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "storage/base/file.h"

namespace outrider {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

class SourceFilesTest : public ::testing::Test {
 protected:
  SourceFilesTest() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    top_ = fs::path(::testing::TempDir()) / (std::string("sources_") + info->name());
    fs::remove_all(top_);
    fs::create_directories(top_);
  }
  std::string Write(const std::string& name, const std::string& text) {
    const fs::path path = top_ / name;
    fs::create_directories(path.parent_path());
    EXPECT_TRUE(WriteFileAtomically(path.string(), text).ok());
    return path.string();
  }
  std::string At(const std::string& name) const { return (top_ / name).string(); }
  // Names of the files, relative to the top.
  std::vector<std::string> Names(const SourceFiles& files) const {
    std::vector<std::string> names;
    for (const auto& [path, hash] : files.contents) {
      names.push_back(fs::path(path).lexically_relative(top_).string());
    }
    return names;
  }
  fs::path top_;
};

TEST_F(SourceFilesTest, AllThatIsRead) {
  const std::string config = Write("outrider.yml",
                                   "rule_files: [rules/*.yml, more.yml]\n"
                                   "bundle_files: ['bundles/*.yml']\nanalytics_files: [a.yml]\n"
                                   "alerting: {config_file: am/am.yml}\n"
                                   "incidents: {config_file: incidents.yml}\n"
                                   "cost: {prices_file: prices.yml}\n");
  Write("am/am.yml", "route: {receiver: a}\nreceivers: [{name: a}]\ntemplates: ['*.tmpl']\n");
  for (const char* name : {"rules/1.yml", "rules/2.yml", "rules/no.txt", "bundles/b.yml", "a.yml",
                           "am/x.tmpl", "x.tmpl", "prices.yml", "duty.ics"}) {
    Write(name, name);
  }
  Write("incidents.yml", "schedules: [{name: s, layers: [{ical_file: duty.ics}]}]\n");
  const SourceFiles files = ReadSources(SourcePatterns(config, {}));
  EXPECT_THAT(Names(files), ElementsAre("a.yml", "am/am.yml", "am/x.tmpl", "bundles/b.yml",
                                        "duty.ics", "incidents.yml", "more.yml", "outrider.yml",
                                        "prices.yml", "rules/1.yml", "rules/2.yml"));
  EXPECT_EQ(files.contents.at(At("more.yml")), "");  // not there
  EXPECT_NE(files.contents.at(At("rules/1.yml")), files.contents.at(At("rules/2.yml")));
  Write("rules/3.yml", "new");
  EXPECT_NE(ReadSources(files.patterns).contents, files.contents);
  fs::remove(At("rules/3.yml"));
  EXPECT_EQ(ReadSources(files.patterns).contents, files.contents);
  Write("rules/1.yml", "other");
  EXPECT_NE(ReadSources(files.patterns).contents, files.contents);
  EXPECT_THAT(SourcePatterns("", {}), IsEmpty());
}

// What stood there before goes on to count, so that mending either is noticed.
TEST_F(SourceFilesTest, ABrokenConfiguration) {
  const std::string config = Write("outrider.yml", "rule_files: [a.yml]\n");
  const std::vector<std::string> known = SourcePatterns(config, {});
  EXPECT_THAT(known, ElementsAre(config, At("a.yml")));
  Write("outrider.yml", "rule_files: [\n");
  EXPECT_THAT(SourcePatterns(config, known), ElementsAre(At("a.yml"), config));
  fs::remove(config);
  EXPECT_THAT(SourcePatterns(config, known), ElementsAre(At("a.yml"), config));
}

TEST_F(SourceFilesTest, DirectoriesOfGlobsAndOfWhatIsNotThere) {
  Write("rules/a/1.yml", "");
  Write("rules/b/2.yml", "");
  const std::vector<std::string> patterns = {At("rules/*/*.yml"), At("none/yet/x.yml"),
                                             At("gone/*.yml")};
  EXPECT_THAT(DirectoriesOf(patterns),
              ElementsAre(top_.string(), At("rules"), At("rules/a"), At("rules/b")));
}

// rules/a.yml -> ..data/a.yml, ..data -> ..2024: what an update changes is the link ..data.
TEST_F(SourceFilesTest, AConfigMap) {
  Write("rules/..2024/a.yml", "first");
  fs::create_directory_symlink("..2024", At("rules/..data"));
  fs::create_symlink("..data/a.yml", At("rules/a.yml"));
  const std::vector<std::string> patterns = {At("rules/*.yml")};
  EXPECT_THAT(DirectoriesOf(patterns), IsSupersetOf({At("rules"), At("rules/..data")}));
  const SourceFiles before = ReadSources(patterns);
  EXPECT_THAT(Names(before), ElementsAre("rules/a.yml"));
  Write("rules/..2025/a.yml", "second");
  EXPECT_EQ(ReadSources(patterns).contents, before.contents);
  fs::create_directory_symlink("..2025", At("rules/..data_tmp"));
  fs::rename(At("rules/..data_tmp"), At("rules/..data"));
  EXPECT_NE(ReadSources(patterns).contents, before.contents);
}

// The directory itself is a link, and a file leads elsewhere; links in a circle end.
TEST_F(SourceFilesTest, LinksThatLeadElsewhere) {
  Write("releases/1/rules.yml", "x");
  Write("elsewhere/real.yml", "y");
  fs::create_directory_symlink(At("releases/1"), At("current"));
  fs::create_directories(At("etc"));
  fs::create_symlink("../elsewhere/real.yml", At("etc/linked.yml"));
  fs::create_symlink("circle.yml", At("etc/circle.yml"));
  const std::vector<std::string> patterns = {At("current/rules.yml"), At("etc/linked.yml"),
                                             At("etc/circle.yml")};
  const std::set<std::string> directories = DirectoriesOf(patterns);
  EXPECT_TRUE(directories.contains(top_.string()));  // holds the link `current`
  EXPECT_TRUE(directories.contains(At("etc")));
  const auto leads_to = [&](const std::string& place) {
    return std::ranges::any_of(directories, [&](const std::string& directory) {
      return fs::equivalent(directory, At(place));
    });
  };
  EXPECT_TRUE(leads_to("elsewhere"));
  EXPECT_TRUE(leads_to("releases/1"));
  EXPECT_THAT(directories, Not(IsEmpty()));
}

}  // namespace
}  // namespace outrider
