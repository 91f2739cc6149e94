// SPDX-License-Identifier: Apache-2.0
// outrider test rules: promtool's output and exit codes, and with flags coverage, JUnit XML and a
// run at every change.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "exporter/cli/signals.h"
#include "rules/trial/junit.h"
#include "rules/trial/rule_test.h"
#include "storage/base/file.h"
#include "storage/base/hash.h"
#include "storage/base/log.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DurationMs kLookAgain = 300;  // how often --watch looks for changes

StatusOr<RuleTestOptions> OptionsOf(const TestRulesOptions& given) {
  RuleTestOptions options;
  for (const std::string& name : given.features) {
    TRY(promql::EnableFeature(name, &options.features));
  }
  if (!given.run.empty()) {
    const StatusOr<Regex> run =
        Regex::Compile(Join(given.run, "|"), Regex::Anchor::kNone, Regex::Dot::kNoNewline);
    if (!run.ok()) return Annotate(run.status(), "--run");
    options.run = *run;
  }
  options.ignore_unknown_fields = given.ignore_unknown_fields;
  options.diff = given.diff;
  options.debug = given.debug;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread runs.
  options.color = given.diff && isatty(STDERR_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  return options;
}

void PrintDebug(const RuleTestResult& result) {
  for (const RuleCaseResult& one : result.cases) {
    fmt::print(stderr,
               "DEBUG: Test {} took {:.3f}s\nDEBUG: Dump of all data (input_series and "
               "rules):\n{}\n",
               one.name, static_cast<double>(one.nanos) / kNanosPerSecond, one.dump);
  }
}

void Print(const RuleTestResult& result, bool debug) {
  fmt::print("Unit Testing:  {}\n", result.path);
  std::fflush(stdout);  // in a pipe too, errors stand behind it
  for (const std::string& warning : result.warnings) {
    fmt::print(stderr, "  WARNING: {}\n", warning);
  }
  if (debug) PrintDebug(result);
  if (result.passed()) {
    fmt::print("  SUCCESS\n\n");
    return;
  }
  fmt::print(stderr, "  FAILED:\n");
  if (!result.aborted.ok()) fmt::print(stderr, "{}\n\n", Message(result.aborted));
  for (const RuleCaseResult& one : result.cases) {
    for (const std::string& failure : one.failures) fmt::print(stderr, "{}\n\n", failure);
  }
  fmt::print("\n");
}

int RunOnce(const TestRulesOptions& given, const RuleTestOptions& options, const Environment& env) {
  int code = 0;
  std::vector<RuleTestResult> results;
  CoverageReport coverage;
  for (const std::string& path : given.files) {
    results.push_back(RunRuleTestFile(path, options, env.clock));
    Print(results.back(), given.debug);
    coverage.Merge(results.back().coverage);
    if (!results.back().passed()) code = 1;
  }
  if (given.coverage || given.coverage_min > 0) fmt::print("{}", coverage.Text());
  if (coverage.Percent() < given.coverage_min) {
    fmt::print(stderr, "coverage is below {}%\n", given.coverage_min);
    code = 1;
  }
  if (!given.junit.empty()) {
    const Status written =
        WriteFileAtomically(given.junit, JunitXml(results, env.clock.NowNanos()));
    if (!written.ok()) code = Fail(written);
  }
  std::fflush(stdout);
  return code;
}

// The test files and the rule files that their patterns find now, with what is in them.
struct Watched {
  size_t files = 0;
  uint64_t hash = 0;
  friend bool operator==(const Watched&, const Watched&) = default;
};

Watched Look(const std::vector<std::string>& tests) {
  std::vector<std::string> paths = tests;
  for (const std::string& test : tests)
    std::ranges::copy(RuleFilesOf(test), std::back_inserter(paths));
  Watched watched{paths.size(), 0};
  for (const std::string& path : paths) {
    const StatusOr<std::string> text = ReadFile(path);
    watched.hash = Hash64(path + '\0' + (text.ok() ? *text : Message(text.status())), watched.hash);
  }
  return watched;
}

int Watch(const TestRulesOptions& given, const RuleTestOptions& options, const Environment& env) {
  const SignalWaiter signals;
  while (true) {
    const Watched before = Look(given.files);  // a change during the run is seen after it
    const int code = RunOnce(given, options, env);
    fmt::print("Watching {} files; Ctrl-C ends.\n", before.files);
    std::fflush(stdout);
    while (Look(given.files) == before) {
      if (signals.Wait(kLookAgain) == Signal::kStop) return code;
    }
  }
}

}  // namespace

int RunTestRules(const TestRulesOptions& given, const Environment& env) {
  const StatusOr<RuleTestOptions> options = OptionsOf(given);
  if (!options.ok()) {
    Fail(options.status());
    return 2;
  }
  SetUpLog(LogLevel::kError, LogFormat::kLogfmt);  // what fails is printed with its test
  return given.watch ? Watch(given, *options, env) : RunOnce(given, *options, env);
}

}  // namespace outrider
