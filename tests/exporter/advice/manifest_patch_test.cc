// SPDX-License-Identifier: Apache-2.0
// Manifests as people write them: what is changed, what stays byte for byte, what is refused.
#include "exporter/advice/manifest_patch.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "exporter/advice/recommendation_json.h"
#include "exporter/advice/unified_diff.h"
#include "storage/base/file.h"
#include "storage/base/json.h"
#include "storage/base/text.h"
#include "tests/exporter/advice/sample_report.h"

namespace outrider {
namespace {

std::vector<Recommendation> Rows() {
  std::vector<Recommendation> rows = SampleReport().rows;
  for (Recommendation& row : rows) {
    if (row.key.workload != "checkout") continue;
    row.replicas = ReplicaAdvice{4, ReplicaAdvice::Hpa{0.65, 2, 12}, "follows the day"};
  }
  return rows;
}

PatchedManifest Patched(std::string_view text, const ManifestOptions& options = {}) {
  const auto patched = PatchManifest(text, "deploy.yaml", Rows(), options);
  EXPECT_TRUE(patched.ok()) << patched.status();
  return patched.ok() ? *patched : PatchedManifest();
}

// A Deployment whose container is `container`, indented as given.
std::string Deployment(std::string_view container) {
  return fmt::format(
      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: checkout, namespace: shop}}\n"
      "spec:\n  template:\n    spec:\n      containers:\n{}",
      container);
}

// The recommendation: cpu 250m with a limit that stays, memory 300Mi with a limit of 360Mi.
TEST(Manifest, Containers) {
  struct Case {
    const char* name;
    std::string before;
    std::string after;
  };
  for (
      const Case& c : {
          Case{"all set, with comments and quotes",
               "      - name: app   # the shop\n"
               "        image: shop:1\n"
               "        resources:\n"
               "          # reviewed in May\n"
               "          requests:\n"
               "            memory: \"1Gi\"  # too much?\n"
               "            cpu: '1'\n"
               "          limits:\n"
               "            memory: 2Gi\n"
               "        env: []\n",
               "      - name: app   # the shop\n"
               "        image: shop:1\n"
               "        resources:\n"
               "          # reviewed in May\n"
               "          requests:\n"
               "            memory: \"300Mi\"  # too much?\n"
               "            cpu: '250m'\n"
               "          limits:\n"
               "            memory: 360Mi\n"
               "        env: []\n"},
          Case{"nothing set",
               "      - name: app\n        image: shop:1\n        ports:\n"
               "        - containerPort: 80\n",
               "      - name: app\n        image: shop:1\n        resources:\n"
               "          requests:\n            cpu: 250m\n            memory: 300Mi\n"
               "          limits:\n            memory: 360Mi\n        ports:\n"
               "        - containerPort: 80\n"},
          Case{"nothing set, no image, no end of line", "      - name: app",
               "      - name: app\n        resources:\n"
               "          requests:\n            cpu: 250m\n            memory: 300Mi\n"
               "          limits:\n            memory: 360Mi"},
          Case{"an empty map", "      - {name: app, resources: {}}\n",
               "      - {name: app, resources: {requests: {cpu: 250m, memory: 300Mi}, limits: "
               "{memory: 360Mi}}}\n"},
          Case{"flow style with other resources",
               "      - name: app\n        resources: {limits: {nvidia.com/gpu: 1}, requests: "
               "{cpu: 1}} # one line\n",
               "      - name: app\n        resources: {limits: {memory: 360Mi, nvidia.com/gpu: "
               "1}, requests: {memory: 300Mi, cpu: 250m}} # one line\n"},
          Case{"keys without values",
               "      - name: app\n        resources:\n          requests: # to do\n"
               "          limits:\n",
               "      - name: app\n        resources:\n          requests: # to do\n"
               "            cpu: 250m\n            memory: 300Mi\n"
               "          limits:\n            memory: 360Mi\n"},
          Case{"a missing request before missing limits",
               "      - name: app\n        resources:\n          requests:\n            cpu: 2\n"
               "        # the end\n",
               "      - name: app\n        resources:\n          requests:\n            cpu: "
               "250m\n            memory: 300Mi\n          limits:\n            memory: "
               "360Mi\n        # the end\n"},
          Case{"the same in other words",
               "      - name: app\n        resources:\n          requests: {cpu: 0.25, memory: "
               "314572800}\n          limits: {memory: 368640Ki}\n",
               "      - name: app\n        resources:\n          requests: {cpu: 0.25, memory: "
               "314572800}\n          limits: {memory: 368640Ki}\n"},
          Case{"a CPU limit that is too small for the request is raised, others stay",
               "      - name: app\n        resources:\n          limits: {cpu: 200m, memory: "
               "360Mi}\n          requests: {cpu: 100m, memory: 300Mi}\n",
               "      - name: app\n        resources:\n          limits: {cpu: 250m, memory: "
               "360Mi}\n          requests: {cpu: 250m, memory: 300Mi}\n"},
          Case{"other letters before it on the line",
               "      - {image: \"größe/日本:1\", name: app, resources: {requests: {cpu: 1, "
               "memory: 300Mi}, limits: {memory: 360Mi}}}\n",
               "      - {image: \"größe/日本:1\", name: app, resources: {requests: {cpu: 250m, "
               "memory: 300Mi}, limits: {memory: 360Mi}}}\n"},
          Case{
              "odd indentation",
              "           -   name: app\n               resources:\n                    requests:\n"
              "                      cpu: 1\n                      memory: 300Mi\n"
              "                    limits: {memory: 360Mi}\n",
              "           -   name: app\n               resources:\n                    requests:\n"
              "                      cpu: 250m\n                      memory: 300Mi\n"
              "                    limits: {memory: 360Mi}\n"},
      }) {
    EXPECT_EQ(Patched(Deployment(c.before)).text, Deployment(c.after)) << c.name;
    // Once it is done there is nothing to do.
    EXPECT_EQ(Patched(Deployment(c.after)).text, Deployment(c.after)) << c.name;
  }
}

TEST(Manifest, LineEndsStay) {
  std::string before = Deployment("      - name: app\n        image: shop:1\n");
  std::string crlf;
  for (const char c : before) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  const std::string after = Patched(crlf).text;
  EXPECT_TRUE(Contains(after, "        resources:\r\n          requests:\r\n"));
  size_t bare = 0;
  for (size_t i = 1; i < after.size(); ++i) bare += after[i] == '\n' && after[i - 1] != '\r';
  EXPECT_EQ(bare, 0U);
}

TEST(Manifest, Json) {
  const std::string before =
      R"({"apiVersion": "v1", "kind": "List", "items": [{"kind": "HorizontalPodAutoscaler",
  "metadata": {"name": "c", "namespace": "shop"}, "spec": {"maxReplicas": 30, "scaleTargetRef":
  {"kind": "Deployment", "name": "checkout"}}}, {"apiVersion": "apps/v1",
  "kind": "Deployment", "metadata": {"name": "checkout", "namespace": "shop"},
  "spec": {"template": {"spec": {"containers": [
    {"name": "app", "resources": {"requests": {"cpu": 1}}}]}}}}]}
)";
  const std::string after = Patched(before).text;
  EXPECT_TRUE(Contains(after, R"("resources": {"limits": {"memory": "360Mi"}, "requests": )"
                              R"({"memory": "300Mi", "cpu": "250m"}})"))
      << after;
  EXPECT_TRUE(Contains(after, R"("spec": {"minReplicas": 2, "maxReplicas": 12, )")) << after;
  EXPECT_TRUE(ParseJson(after).ok()) << after;
}

// Every kind, several documents, what is none of ours; against files.
// The advice is 65 % between 2 and 12.
TEST(Manifest, Autoscalers) {
  struct Case {
    const char* name;
    std::string spec;
    std::string after;  // empty: refused
  };
  const std::string cpu =
      "  - {type: Resource, resource: {name: cpu, target: "
      "{type: Utilization, averageUtilization: 80}}}\n";
  const std::string better =
      "  - {type: Resource, resource: {name: cpu, target: "
      "{type: Utilization, averageUtilization: 65}}}\n";
  const std::string queue = "  - {type: External, external: {metric: {name: queue}}}\n";
  for (const Case& c :
       {Case{"on CPU alone", "  minReplicas: 4\n  maxReplicas: 40\n  metrics:\n" + cpu,
             "  minReplicas: 2\n  maxReplicas: 12\n  metrics:\n" + better},
        Case{"the older form",
             "  minReplicas: 4\n  maxReplicas: 40\n"
             "  targetCPUUtilizationPercentage: 80\n",
             "  minReplicas: 2\n  maxReplicas: 12\n"
             "  targetCPUUtilizationPercentage: 65\n"},
        Case{"on something else too: nothing is lowered",
             "  minReplicas: 4\n  maxReplicas: 40\n  metrics:\n" + cpu + queue,
             "  minReplicas: 4\n  maxReplicas: 40\n  metrics:\n" + better + queue},
        Case{"… but may be raised",
             "  minReplicas: 1\n  maxReplicas: 4\n  metrics:\n" + cpu + queue,
             "  minReplicas: 2\n  maxReplicas: 12\n  metrics:\n" + better + queue},
        Case{"on something else alone", "  minReplicas: 4\n  maxReplicas: 40\n  metrics:\n" + queue,
             ""},
        Case{"on nothing: by default on CPU", "  minReplicas: 4\n  maxReplicas: 40\n",
             "  minReplicas: 2\n  maxReplicas: 12\n"}}) {
    const std::string head =
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n"
        "metadata: {name: checkout, namespace: shop}\nspec:\n"
        "  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: checkout}\n";
    const PatchedManifest patched = Patched(head + c.spec);
    EXPECT_EQ(patched.text, head + (c.after.empty() ? c.spec : c.after)) << c.name;
    ASSERT_EQ(patched.notes.size(), 1U) << c.name;
    EXPECT_EQ(patched.notes[0].outcome == ManifestOutcome::kRefused, c.after.empty())
        << patched.notes[0].text;
  }
}

TEST(Manifest, GoldenFile) {
  const std::string directory =
      fmt::format("{}/tests/exporter/advice/testdata/", OUTRIDER_SOURCE_DIR);
  const std::string before = ReadFile(directory + "deploy.yaml").value();
  const std::string wanted = ReadFile(directory + "deploy.patched.yaml").value();
  const PatchedManifest patched = Patched(before);
  EXPECT_EQ(patched.text, wanted);
  std::string notes;
  for (const ManifestNote& note : patched.notes) notes += note.text + "\n";
  EXPECT_EQ(notes, ReadFile(directory + "deploy.notes.txt").value());
  EXPECT_EQ(UnifiedDiff(before, patched.text, "deploy.yaml", "deploy.yaml"),
            ReadFile(directory + "deploy.diff").value());
}

// What examples/ shows is what happens.
TEST(Manifest, TheExample) {
  const std::string directory = fmt::format("{}/examples/rightsizing/", OUTRIDER_SOURCE_DIR);
  const JsonValue answer = ParseJson(ReadFile(directory + "recommendations.json").value()).value();
  std::vector<Recommendation> rows;
  for (const JsonValue& row : answer.Find("recommendations")->items) {
    rows.push_back(ReadRecommendation(row).value());
  }
  ASSERT_EQ(rows.size(), 2U);
  const std::string before = ReadFile(directory + "checkout.yaml").value();
  const auto patched = PatchManifest(before, "checkout.yaml", rows, {});
  ASSERT_TRUE(patched.ok()) << patched.status();
  EXPECT_EQ(UnifiedDiff(before, patched->text, "checkout.yaml", "checkout.yaml"),
            ReadFile(directory + "checkout.diff").value());
}

std::string NotesOf(const std::string& text, const ManifestOptions& options = {}) {
  std::string notes;
  for (const ManifestNote& note : Patched(text, options).notes) notes += note.text + "\n";
  return notes;
}

TEST(Manifest, WhatCannotBeChangedInPlace) {
  const struct {
    const char* container;
    const char* note;
  } kCases[] = {
      {"      - name: app\n        resources: &small\n          requests: {cpu: 1}\n"
       "      - name: proxy\n        resources: *small\n",
       "deploy.yaml:9:9: cannot be changed here: other values refer to it by an anchor"},
      {"      - name: app\n        resources:\n          requests:\n            <<: {cpu: 1}\n",
       "deploy.yaml:11:13: cannot be changed here: it merges in another map"},
      {"      - name: app\n        resources: [1]\n",
       "deploy.yaml:9:20: cannot be changed here: it should be a map"},
      {"      - name: app\n        resources:\n          requests:\n            cpu: >-\n"
       "              1\n",
       "deploy.yaml:11:18: cannot be changed here: "},
      {"      - name: app\n        resources: null\n",
       "deploy.yaml:9:9: cannot be changed here: it is null; leave it empty"},
  };
  for (const auto& c : kCases) {
    const std::string text = Deployment(c.container);
    EXPECT_EQ(Patched(text).text, text) << c.container;
    EXPECT_TRUE(NotesOf(text).starts_with(c.note)) << NotesOf(text);
  }
}

TEST(Manifest, AnAliasIsNotFollowed) {
  const std::string text = "x-small: &small {requests: {cpu: 1}}\n" +
                           Deployment("      - name: app\n        resources: *small\n");
  EXPECT_EQ(Patched(text).text, text);
  EXPECT_TRUE(Contains(NotesOf(text), "it is an alias of another value")) << NotesOf(text);
}

// A container that is used again elsewhere cannot be changed for one of them.
TEST(Manifest, AnAliasElsewhereIsNotChangedAlong) {
  const std::string text = Deployment("      - &app\n        name: app\n        image: shop:1\n") +
                           "---\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers: []\n";
  EXPECT_TRUE(Contains(Patched(text).text, "cpu: 250m")) << "nobody refers to it";
  const std::string shared =
      Deployment("      - &app\n        name: app\n        image: shop:1\n      - *app\n");
  const auto patched = PatchManifest(shared, "deploy.yaml", Rows(), {});
  ASSERT_FALSE(patched.ok());
  EXPECT_TRUE(absl::IsInvalidArgument(patched.status()));
  EXPECT_TRUE(Contains(Message(patched.status()), "an alias refers to what would be changed"));
}

TEST(Manifest, AByteOrderMarkStays) {
  const std::string text =
      "\xef\xbb\xbf{kind: Deployment, metadata: {name: checkout}, spec: "
      "{template: {spec: {containers: [{name: app}]}}}}\n";
  const std::string after = Patched(text).text;
  EXPECT_TRUE(after.starts_with("\xef\xbb\xbf{kind: Deployment")) << after;
  EXPECT_TRUE(Contains(after, "\"resources\": {\"requests\": {\"cpu\": \"250m\"")) << after;
}

TEST(Manifest, NamespacesMustBeClear) {
  std::vector<Recommendation> rows = Rows();
  rows.push_back(rows[0]);
  rows.back().key.namespace_name = "staging";
  rows.back().cpu.recommended.target = 0.5;
  const std::string text =
      "kind: Deployment\nmetadata:\n  name: checkout\nspec:\n  template:\n    spec:\n"
      "      containers:\n      - name: app\n";
  const auto unclear = PatchManifest(text, "d.yaml", rows, {});
  ASSERT_TRUE(unclear.ok());
  EXPECT_EQ(unclear->text, text);
  ASSERT_EQ(unclear->notes.size(), 1U);
  EXPECT_TRUE(Contains(unclear->notes[0].text, "runs in shop, staging: say which"));
  const auto clear = PatchManifest(text, "d.yaml", rows, {.namespace_name = "staging"});
  ASSERT_TRUE(clear.ok());
  EXPECT_TRUE(Contains(clear->text, "cpu: 500m"));
  EXPECT_TRUE(Contains(Patched(text).text, "cpu: 250m")) << "only one namespace has it";
}

TEST(Manifest, TemplatesAreRefusedInWords) {
  const struct {
    std::string text;
    const char* place;
  } kCases[] = {
      {"{{- if .Values.enabled }}\nkind: Deployment\n", "t.yaml:1:1: "},
      {"kind: Deployment\nmetadata:\n  name: {{ .Release.Name }}-web\n", "t.yaml:3:9: "},
      {Deployment("      - name: app\n        resources:\n          requests:\n"
                  "            cpu: \"{{ .Values.cpu }}\"\n"),
       "t.yaml:11:18: "},
      {Deployment("      - name: \"{{ .Chart.Name }}\"\n"), "t.yaml:8:9: "},
  };
  for (const auto& c : kCases) {
    const auto patched = PatchManifest(c.text, "t.yaml", Rows(), {});
    ASSERT_FALSE(patched.ok()) << c.text;
    EXPECT_TRUE(Message(patched.status()).starts_with(c.place)) << patched.status();
    EXPECT_TRUE(Contains(Message(patched.status()), "template of Helm")) << patched.status();
  }
  // Braces in what is not ours to change are somebody's text.
  const std::string config =
      "kind: ConfigMap\nmetadata: {name: x}\ndata:\n  a: |\n    {{ hello }}\n";
  EXPECT_EQ(Patched(config).text, config);
}

TEST(Manifest, ErrorsNameTheirPlace) {
  for (const auto& [text, place] : std::vector<std::pair<std::string, std::string>>{
           {"kind: Deployment\nspec: [\n", "bad.yaml:"},
           {"a: 1\na: 2\n", "bad.yaml:2:1: "},
           {"a: \"\xff\"\n", "bad.yaml:1:1: "},
           {"a: 1\nb: \r2\n", "bad.yaml:2:4: "},
           {std::string("a: 1\n\0", 6), "bad.yaml:2:1: "}}) {
    const auto patched = PatchManifest(text, "bad.yaml", Rows(), {});
    ASSERT_FALSE(patched.ok()) << text;
    EXPECT_TRUE(Message(patched.status()).starts_with(place)) << patched.status();
  }
}

TEST(Manifest, OfNothing) {
  for (const char* text : {"", "---\n", "# only a comment\n", "just text\n", "- a\n- b\n"}) {
    const PatchedManifest patched = Patched(text);
    EXPECT_EQ(patched.text, text);
    EXPECT_TRUE(patched.notes.empty());
  }
}

// Old and new from random lines; what patch(1) would do with the answer is done here.
std::string ApplyDiff(const std::string& old_text, const std::string& diff) {
  std::vector<std::string> lines;
  for (const std::string_view line : Split(old_text, '\n'))
    lines.push_back(std::string(line) + "\n");
  lines.pop_back();
  std::string out;
  size_t next = 0;
  for (const std::string_view line : Split(diff, '\n')) {
    if (line.starts_with("---") || line.starts_with("+++") || line.empty()) continue;
    if (line.starts_with("@@")) {
      const size_t comma = line.find_first_of(", ", 4);
      const auto first = static_cast<size_t>(ParseInt(line.substr(4, comma - 4)).value());
      const bool empty = line.substr(comma, 3) == ",0 ";
      while (next + (empty ? 0 : 1) < first) out += lines[next++];
    } else if (line[0] == '+') {
      out += std::string(line.substr(1)) + "\n";
    } else {
      EXPECT_EQ(std::string(line.substr(1)) + "\n", lines[next]);
      if (line[0] == ' ') out += lines[next];
      ++next;
    }
  }
  while (next < lines.size()) out += lines[next++];
  return out;
}

TEST(UnifiedDiff, AppliesToTheOldText) {
  uint64_t state = 7;
  const auto random = [&](uint64_t below) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (state >> 33) % below;
  };
  for (int round = 0; round < 300; ++round) {
    std::string old_text;
    std::string new_text;
    const uint64_t lines = random(40);
    for (uint64_t i = 0; i < lines; ++i) {
      const std::string line = fmt::format("l{}\n", random(6));
      const uint64_t fate = random(10);
      if (fate != 0) old_text += line;
      if (fate != 1) new_text += fate == 2 ? fmt::format("n{}\n", i) : line;
    }
    const std::string diff = UnifiedDiff(old_text, new_text, "a", "b");
    EXPECT_EQ(ApplyDiff(old_text, diff), new_text) << old_text << "=>\n" << new_text << diff;
    EXPECT_EQ(diff.empty(), old_text == new_text);
  }
}

TEST(UnifiedDiff, Texts) {
  EXPECT_EQ(UnifiedDiff("a\nb\nc\n", "a\nx\nc\n", "one", "two"),
            "--- one\n+++ two\n@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
  EXPECT_EQ(UnifiedDiff("a", "a\n", "one", "two"),
            "--- one\n+++ two\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
  EXPECT_EQ(UnifiedDiff("", "a\n", "one", "two"), "--- one\n+++ two\n@@ -0,0 +1 @@\n+a\n");
}

}  // namespace
}  // namespace outrider
