// SPDX-License-Identifier: Apache-2.0
// The golden rows of specs/incidents_oncall_slo.md §2.1 and specs/source_systems.md §3.4, through
// the configuration: tests/data/oncall/golden.txt.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sstream>

#include "notifiers/oncall/schedule_config.h"
#include "storage/base/duration.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr double kNanosPerHour = static_cast<double>(kHour * kNanosPerMilli);

// The words of a line; the last of `count` is what is left of it.
std::vector<std::string> Words(std::istringstream line, size_t count) {
  std::vector<std::string> words;
  std::string word;
  while (words.size() + 1 < count && line >> word) words.push_back(word);
  std::getline(line, word);
  words.emplace_back(Trim(word));
  return words;
}

class Golden {
 public:
  void Run(const std::string& line) {
    std::istringstream in(line);
    std::string command;
    in >> command;
    if (command == "schedule") {
      const auto words = Words(std::move(in), 2);
      zone_ = words[0];
      layer_ = words[1];
      overrides_.clear();
      Load();
    } else if (command == "override") {
      const auto words = Words(std::move(in), 3);
      overrides_ += fmt::format("{{user: {}, start: {}, end: {}}},", words[0], words[1], words[2]);
      Load();
    } else if (command == "shift") {
      Shift(Words(std::move(in), 3));
    } else if (command == "at") {
      At(Words(std::move(in), 2));
    } else if (command == "within") {
      Within(Words(std::move(in), 3));
    } else {
      ADD_FAILURE() << "unknown command";
    }
  }

 private:
  static Nanos Utc(const std::string& text) {
    const StatusOr<Nanos> time = ParseRfc3339(text);
    EXPECT_TRUE(time.ok()) << text;
    return time.value_or(0);
  }
  static std::string Shown(Nanos time) { return FormatRfc3339(time); }

  void Load() {
    const std::string text =
        fmt::format("schedules: [{{name: s, time_zone: {}, layers: [{}], overrides: [{}]}}]", zone_,
                    layer_, overrides_);
    const auto root = ParseYaml(text, "golden");
    ASSERT_TRUE(root.ok()) << root.status();
    const auto schedules = ParseSchedules(root->Find("schedules"), "golden", {"A", "B", "C", "D"});
    ASSERT_TRUE(schedules.ok()) << schedules.status();
    schedule_ = schedules->front();
  }

  void Shift(const std::vector<std::string>& words) const {
    const Rotation& rotation = schedule_.layers.at(0).rotation;
    const int64_t k = std::stoll(words[0]);
    const Nanos start = ShiftStart(rotation, k);
    EXPECT_EQ(Shown(start), words[1]);
    if (words[2] == "-") return;
    const double hours = static_cast<double>(ShiftStart(rotation, k + 1) - start) / kNanosPerHour;
    EXPECT_EQ(hours, std::stod(words[2]));
    if (hours == 0) return;
    EXPECT_EQ(ShiftAt(rotation, start), k);
    EXPECT_LT(ShiftAt(rotation, start - 1), k);
  }

  void At(const std::vector<std::string>& words) const {
    std::string users;
    for (const std::string& user : OnCallAt(schedule_, Utc(words[0])).users) users += user;
    EXPECT_EQ(users.empty() ? "-" : users, words[1]);
  }

  void Within(const std::vector<std::string>& words) const {
    const Rotation& rotation = schedule_.layers.at(0).rotation;
    const int64_t k = ShiftAt(rotation, Utc(words[0]));
    EXPECT_EQ(Shown(ShiftStart(rotation, k)), words[1]);
    EXPECT_EQ(Shown(ShiftStart(rotation, k + 1)), words[2]);
  }

  std::string zone_;
  std::string layer_;
  std::string overrides_;
  Schedule schedule_;
};

TEST(Golden, EveryRowHolds) {
  const auto text = ReadFile(std::string(OUTRIDER_SOURCE_DIR) + "/tests/data/oncall/golden.txt");
  ASSERT_TRUE(text.ok()) << text.status();
  std::istringstream lines(*text);
  std::string line;
  Golden golden;
  int rows = 0;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (line.empty() || line.starts_with('#')) continue;
    SCOPED_TRACE(fmt::format("golden.txt:{}: {}", number, line));
    golden.Run(line);
    ++rows;
  }
  EXPECT_GT(rows, 70);
}

}  // namespace
}  // namespace outrider
