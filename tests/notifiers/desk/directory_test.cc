// SPDX-License-Identifier: Apache-2.0
// What people configure by API: rows, the way into the tree of incidents.yml, what may be changed.
#include "notifiers/desk/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notifiers/config/incidents_node.h"
#include "storage/state/memory_store.h"

namespace outrider {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Action = DirectoryChange::Action;

constexpr const char* kFile = R"(
users:
  - {name: anna, email_configs: [{to: anna@example.org}]}
schedules:
  - {name: primary, layers: [{users: [anna], start: 2026-01-05T09:00}]}
policies:
  - {name: default, tiers: [{delay: 0s, receivers: ["schedule:primary"]}]}
)";

class DirectoryTest : public ::testing::Test {
 protected:
  DirectoryTest() { File(kFile); }
  void File(const std::string& text) { file_ = ParseYaml(text, "incidents.yml").value(); }
  Status Apply(Action action, DirectoryKind kind, const std::string& name,
               const std::string& text = "", std::optional<uint64_t> version = {},
               const std::string& schedule = "") {
    const DirectoryMerge merge = MergeDirectory(file_, objects_).value();
    return ApplyChange({action, kind, schedule, name, text, version}, {file_, merge.root}, "root",
                       42, &objects_, &rows_);
  }
  Status Create(DirectoryKind kind, const std::string& name, const std::string& text) {
    return Apply(Action::kCreate, kind, name, text);
  }
  StatusOr<IncidentsConfig> Parse() {
    const DirectoryMerge merge = TRY(MergeDirectory(file_, objects_));
    const StatusOr<IncidentsConfig> config = ParseIncidentsNode(merge.root, "incidents.yml");
    if (!config.ok()) return merge.Explain(config.status(), "incidents.yml");
    return config;
  }

  YamlNode file_;
  DirectoryObjects objects_;
  Batch rows_;
};

TEST_F(DirectoryTest, ObjectsStandBesideTheFiles) {
  ASSERT_TRUE(
      Create(DirectoryKind::kUser, "ben", R"({"name":"ben","time_zone":"Europe/Berlin"})").ok());
  ASSERT_TRUE(Create(DirectoryKind::kPolicy, "slow",
                     R"({"tiers":[{"delay":"10m","users":["ben"]}],"repeat":2})")
                  .ok());
  const auto config = Parse();
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_EQ(config->users.size(), 2U);
  EXPECT_EQ(config->users[1].name, "ben");
  EXPECT_EQ(config->users[1].time_zone, "Europe/Berlin");
  // The file calls the section `policies`; both are in it.
  ASSERT_EQ(config->escalation_policies.size(), 2U);
  EXPECT_EQ(config->escalation_policies[1].name, "slow");
  EXPECT_EQ(config->escalation_policies[1].repeat, 2);
  EXPECT_THAT(config->escalation_policies[1].tiers[0].receivers, ElementsAre("user:ben"));
}

TEST_F(DirectoryTest, WithoutAFile) {
  file_ = YamlNode();
  ASSERT_TRUE(Create(DirectoryKind::kUser, "ben", "time_zone: UTC\n").ok());
  ASSERT_TRUE(Create(DirectoryKind::kPolicy, "p", "tiers: [{users: [ben]}]\n").ok());
  const auto config = Parse();
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->users[0].name, "ben");
  EXPECT_EQ(config->escalation_policies[0].name, "p");
}

TEST_F(DirectoryTest, OverridesGoIntoSchedulesOfTheFileToo) {
  ASSERT_TRUE(
      Apply(Action::kCreate, DirectoryKind::kOverride, "o1", "user: anna\n", {}, "primary").ok());
  ASSERT_TRUE(
      Apply(Action::kCreate, DirectoryKind::kSwap, "s1", "from: anna\n", {}, "primary").ok());
  const DirectoryMerge merge = MergeDirectory(file_, objects_).value();
  const YamlNode* schedule = FindInTree(merge.root, DirectoryKind::kSchedule, "primary");
  ASSERT_NE(schedule, nullptr);
  ASSERT_EQ(schedule->Find("overrides")->items.size(), 1U);
  EXPECT_EQ(schedule->Find("overrides")->items[0].Find("user")->scalar, "anna");
  EXPECT_EQ(schedule->Find("swaps")->items.size(), 1U);
  EXPECT_TRUE(absl::IsNotFound(
      Apply(Action::kCreate, DirectoryKind::kOverride, "o2", "user: anna\n", {}, "secondary")));
  // The schedule goes from the file: its overrides stay, without effect, and it is said.
  File("users: [{name: anna}]\n");
  const DirectoryMerge orphaned = MergeDirectory(file_, objects_).value();
  EXPECT_EQ(orphaned.warnings.size(), 2U);
  EXPECT_THAT(orphaned.warnings[0], HasSubstr("override o1 of schedule primary: there is no such"));
}

TEST_F(DirectoryTest, MistakesNameTheObject) {
  ASSERT_TRUE(Create(DirectoryKind::kUser, "ben", "time_zone: UTC\nfoo: 1\n").ok());
  const auto config = Parse();
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(Message(config.status()), HasSubstr("user ben:2:"));
  objects_.clear();
  ASSERT_TRUE(Create(DirectoryKind::kPolicy, "p", "\n\ntiers: []\n").ok());
  EXPECT_THAT(Message(Parse().status()), HasSubstr("policy p:3:"));
  objects_.clear();
  // A mistake in the file is the file's.
  File("users: [{name: a}, {name: a}]\n");
  ASSERT_TRUE(Create(DirectoryKind::kUser, "ben", "time_zone: UTC\n").ok());
  EXPECT_THAT(Message(Parse().status()), HasSubstr("incidents.yml:1:20"));
  EXPECT_THAT(Message(Create(DirectoryKind::kUser, "x", "a: [")), HasSubstr("user \"x\":"));
}

TEST_F(DirectoryTest, NamesAreUniqueOverFileAndObjects) {
  EXPECT_TRUE(absl::IsAlreadyExists(Create(DirectoryKind::kUser, "anna", "{}")));
  ASSERT_TRUE(Create(DirectoryKind::kUser, "ben", "{}").ok());
  EXPECT_TRUE(absl::IsAlreadyExists(Create(DirectoryKind::kUser, "ben", "{}")));
  // The file gets one of that name: it is the one that counts, and the other can only go.
  File(std::string(kFile) + "calendars: {}\n");
  file_.entries[0].second.items.push_back(ParseYaml("{name: ben}", "x").value());
  const DirectoryMerge merge = MergeDirectory(file_, objects_).value();
  EXPECT_EQ(ItemsInTree(merge.root, DirectoryKind::kUser).size(), 2U);
  EXPECT_THAT(merge.warnings, ElementsAre(HasSubstr("user ben: the file has one")));
  EXPECT_EQ(Apply(Action::kReplace, DirectoryKind::kUser, "ben", "{}").code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Apply(Action::kDelete, DirectoryKind::kUser, "ben").ok());
}

TEST_F(DirectoryTest, VersionsAndWhatIsOfTheFile) {
  ASSERT_TRUE(Create(DirectoryKind::kUser, "ben", "{}").ok());
  EXPECT_TRUE(Apply(Action::kReplace, DirectoryKind::kUser, "ben", "time_zone: UTC", 1).ok());
  const Status old = Apply(Action::kReplace, DirectoryKind::kUser, "ben", "{}", 1);
  EXPECT_EQ(old.code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(Message(old), HasSubstr("is at version 2 (root), not 1"));
  EXPECT_EQ(Apply(Action::kDelete, DirectoryKind::kUser, "ben", "", 1).code(),
            absl::StatusCode::kOutOfRange);
  EXPECT_TRUE(Apply(Action::kReplace, DirectoryKind::kUser, "ben", "{}").ok());
  EXPECT_TRUE(Apply(Action::kDelete, DirectoryKind::kUser, "ben", "", 3).ok());
  EXPECT_THAT(objects_, IsEmpty());
  EXPECT_TRUE(absl::IsNotFound(Apply(Action::kDelete, DirectoryKind::kUser, "ben")));
  EXPECT_TRUE(absl::IsNotFound(Apply(Action::kReplace, DirectoryKind::kUser, "ben", "{}")));
  const Status file = Apply(Action::kReplace, DirectoryKind::kUser, "anna", "{}");
  EXPECT_EQ(file.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(file), HasSubstr("is configured in the file"));
  EXPECT_EQ(Apply(Action::kDelete, DirectoryKind::kPolicy, "default").code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(DirectoryTest, WhatIsUsedStays) {
  ASSERT_TRUE(Create(DirectoryKind::kUser, "ben", "{}").ok());
  ASSERT_TRUE(Create(DirectoryKind::kUser, "cleo", "{}").ok());
  ASSERT_TRUE(Create(DirectoryKind::kTeam, "storage", "members: [ben]").ok());
  ASSERT_TRUE(Create(DirectoryKind::kSchedule, "second",
                     "layers: [{users: [ben], start: 2026-01-05T09:00}]\nfallback: [cleo]")
                  .ok());
  ASSERT_TRUE(Create(DirectoryKind::kPolicy, "p",
                     "tiers: [{receivers: ['user:ben', 'schedule:second', 'team:storage']}]")
                  .ok());
  const struct {
    DirectoryKind kind;
    const char* name;
    std::vector<std::string> users;
  } kCases[] = {
      {DirectoryKind::kUser,
       "ben",
       {"escalation policy \"p\"", "schedule \"second\"", "team \"storage\""}},
      {DirectoryKind::kUser, "cleo", {"schedule \"second\""}},
      {DirectoryKind::kTeam, "storage", {"escalation policy \"p\""}},
      {DirectoryKind::kSchedule, "second", {"escalation policy \"p\""}},
      {DirectoryKind::kSchedule, "primary", {"escalation policy \"default\""}},
      {DirectoryKind::kUser, "p", {}},
      {DirectoryKind::kPolicy, "p", {}},
  };
  const DirectoryMerge merge = MergeDirectory(file_, objects_).value();
  for (const auto& c : kCases) {
    EXPECT_EQ(UsersOfObject(merge.root, c.kind, c.name), c.users) << c.name;
  }
  const Status used = Apply(Action::kDelete, DirectoryKind::kUser, "cleo");
  EXPECT_EQ(used.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(used), HasSubstr("user \"cleo\" is used by schedule \"second\""));
  EXPECT_TRUE(Apply(Action::kDelete, DirectoryKind::kPolicy, "p").ok());
  EXPECT_TRUE(Apply(Action::kDelete, DirectoryKind::kSchedule, "second").ok());
  EXPECT_TRUE(Apply(Action::kDelete, DirectoryKind::kUser, "cleo").ok());
}

TEST_F(DirectoryTest, AScheduleTakesItsOverridesAlong) {
  ASSERT_TRUE(Create(DirectoryKind::kSchedule, "s", "layers: []").ok());
  ASSERT_TRUE(Apply(Action::kCreate, DirectoryKind::kOverride, "o", "{}", {}, "s").ok());
  ASSERT_TRUE(Apply(Action::kCreate, DirectoryKind::kOverride, "o", "{}", {}, "primary").ok());
  ASSERT_TRUE(Apply(Action::kDelete, DirectoryKind::kSchedule, "s").ok());
  ASSERT_EQ(objects_.size(), 1U);
  EXPECT_EQ(objects_.begin()->second.schedule, "primary");
}

TEST_F(DirectoryTest, WhatIsRefused) {
  for (const char* name : {"", "a/b", "a\nb", "\xff"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Create(DirectoryKind::kUser, name, "{}"))) << name;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(
      Create(DirectoryKind::kUser, "x", std::string(64 * 1024, ' ') + "a: 1")));
  const Status masked = Create(DirectoryKind::kUser, "x", "slack_configs: [{api_url: <secret>}]");
  EXPECT_THAT(Message(masked), HasSubstr("send the secret again"));
  ASSERT_TRUE(Create(DirectoryKind::kUser, "x", "[1]").ok());
  EXPECT_THAT(Message(MergeDirectory(file_, objects_).status()), HasSubstr("a map is wanted"));
  objects_.clear();
  ASSERT_TRUE(Create(DirectoryKind::kUser, "x", "name: y").ok());
  EXPECT_THAT(Message(MergeDirectory(file_, objects_).status()),
              HasSubstr("the name is \"y\", and \"x\" was meant"));
}

// The daemon would read the file and send it to where the object says.
TEST_F(DirectoryTest, ObjectsNameNoFilesOfTheDaemon) {
  const struct {
    DirectoryKind kind;
    const char* text;
    const char* key;  // "": it may be
  } kCases[] = {
      {DirectoryKind::kUser, "webhook_configs: [{url_file: /f}]", "webhook_configs[0].url_file"},
      {DirectoryKind::kUser,
       "webhook_configs: [{url: http://x/}, {url: http://x/, http_config: {authorization: "
       "{credentials_file: /f}}}]",
       "webhook_configs[1].http_config.authorization.credentials_file"},
      {DirectoryKind::kUser,
       "email_configs: [{to: a, tls_config: {ca: x, cert_file: /f, key_file: /g}}]",
       "email_configs[0].tls_config.cert_file"},
      {DirectoryKind::kUser, "email_configs: [{to: a, auth_password_file: ''}]",
       "email_configs[0].auth_password_file"},
      {DirectoryKind::kUser,
       "webhook_configs: [{url: http://x/, http_config: {http_headers: {X-Y: {files: [/f]}}}}]",
       "webhook_configs[0].http_config.http_headers.X-Y.files"},
      {DirectoryKind::kUser, "<<: {webhook_configs: [[{url_file: /f}]]}",
       "<<.webhook_configs[0][0].url_file"},
      {DirectoryKind::kSchedule, "layers: [{ical_file: duty.ics}]", "layers[0].ical_file"},
      {DirectoryKind::kPolicy, "{tiers: [{x_file: y}]}", "tiers[0].x_file"},
      {DirectoryKind::kUser, "webhook_configs: [{url: http://x/, payload: {files: [a]}}]", ""},
      {DirectoryKind::kUser, "webhook_configs: [{url: 'http://x/a_file'}]", ""},
  };
  for (const auto& c : kCases) {
    objects_.clear();
    const Status made = Create(c.kind, "x", c.text);
    if (std::string_view(c.key).empty()) {
      EXPECT_TRUE(made.ok()) << c.text << made;
      // The same of a change.
      const Status put = Apply(Action::kReplace, c.kind, "x", "webhook_configs: [{url_file: /f}]");
      EXPECT_TRUE(absl::IsInvalidArgument(put)) << put;
      continue;
    }
    EXPECT_TRUE(absl::IsInvalidArgument(made)) << c.text << made;
    EXPECT_THAT(Message(made),
                HasSubstr(std::string(" \"x\": ") + c.key + " names a file of the daemon"));
    EXPECT_TRUE(objects_.empty());
  }
}

TEST_F(DirectoryTest, SurvivesARestart) {
  MemoryStore store;
  ASSERT_TRUE(Create(DirectoryKind::kUser, "ben", "time_zone: UTC").ok());
  ASSERT_TRUE(Apply(Action::kReplace, DirectoryKind::kUser, "ben", "{}").ok());
  ASSERT_TRUE(Apply(Action::kCreate, DirectoryKind::kOverride, "o", "{}", {}, "primary").ok());
  ASSERT_TRUE(store.Commit(rows_, Durability::kSynced).ok());
  Batch others;  // rows of other kinds are none of ours
  others.Put(Family::kDirectory, std::string("token\0x", 7), "whatever");
  others.Put(Family::kDirectory, std::string("user\0bad", 8), "\x01");
  ASSERT_TRUE(store.Commit(others, Durability::kSynced).ok());
  const auto loaded = LoadDirectory(store);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(*loaded, objects_);
  const DirectoryObject& ben = loaded->at(DirectoryKey(DirectoryKind::kUser, "", "ben"));
  EXPECT_EQ(ben.version, 2U);
  EXPECT_EQ(ben.changed_by, "root");
  EXPECT_EQ(ben.changed_at, 42);
}

}  // namespace
}  // namespace outrider
