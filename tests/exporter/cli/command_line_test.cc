// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "exporter/cli/commands.h"
#include "storage/base/random.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

std::string Said(std::vector<std::string> words) {
  const FakeClock clock(1'790'000'000 * kNanosPerSecond);
  SeededRandom random(1);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  testing::internal::CaptureStderr();
  EXPECT_EQ(RunCommandLine(static_cast<int>(words.size()), arguments.data(), {clock, random}), 1);
  return testing::internal::GetCapturedStderr();
}

// Nothing listens at these ports: the error names who was asked.
TEST(CommandLine, AnUrlThatIsGivenComesBeforeTheEnvironment) {
  ASSERT_EQ(setenv("OUTRIDER_URL", "http://127.0.0.1:2", 1), 0);
  const std::vector<std::vector<std::string>> commands = {
      {"incident", "list"},  {"oncall", "now"},         {"escalation", "policies"},
      {"heartbeat", "list"}, {"sla", "report"},         {"alerts", "list"},
      {"silence", "list"},   {"query", "instant", "up"}};
  for (std::vector<std::string> words : commands) {
    words.insert(words.begin(), "outrider");
    EXPECT_THAT(Said(words), testing::HasSubstr("http://127.0.0.1:2/")) << words[1];
    words.insert(words.end(), {"--url", "http://127.0.0.1:1"});
    EXPECT_THAT(Said(words), testing::HasSubstr("http://127.0.0.1:1/")) << words[1];
  }
  ASSERT_EQ(unsetenv("OUTRIDER_URL"), 0);
}

}  // namespace
}  // namespace outrider
