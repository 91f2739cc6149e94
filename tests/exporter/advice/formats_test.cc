// SPDX-License-Identifier: Apache-2.0
// Every format against a golden file, and against a reader of its kind.
#include "exporter/advice/formats.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "storage/base/file.h"
#include "storage/base/strict_yaml.h"
#include "storage/base/text.h"
#include "tests/exporter/advice/sample_report.h"

namespace outrider {
namespace {

class EveryFormat : public testing::TestWithParam<std::string> {};

TEST_P(EveryFormat, IsTheGoldenFile) {
  const AdviceFormat* format = FindAdviceFormat(GetParam());
  ASSERT_NE(format, nullptr);
  const std::string path = fmt::format("{}/tests/exporter/advice/testdata/{}.{}",
                                       OUTRIDER_SOURCE_DIR, format->name, format->extension);
  const auto golden = ReadFile(path);
  const std::string actual = format->render(SampleReport());
  EXPECT_TRUE(golden.ok() && *golden == actual) << path << " should be:\n" << actual;
}

// Whoever reads it sees which container has too little data.
TEST_P(EveryFormat, SaysWhatIsNotKnown) {
  const std::string text = FindAdviceFormat(GetParam())->render(SampleReport());
  EXPECT_TRUE(Contains(text, "not enough data") || Contains(text, "64Mi -> ?") ||
              Contains(text, "67108864,?"))
      << text;
}

TEST_P(EveryFormat, OfNothing) {
  const AdviceFormat& format = *FindAdviceFormat(GetParam());
  const std::string text = format.render({});
  if (format.content_type == "application/yaml") {
    EXPECT_TRUE(ParseYamlDocuments(text, "x.yaml").ok()) << text;
  }
  EXPECT_TRUE(format.name == "kustomize" || RenderFiles(format, {}).empty());
}

// No name can end a line, a cell or a tag early, and none leads out of the directory.
TEST_P(EveryFormat, FilesAreNamedPlainly) {
  const AdviceFormat& format = *FindAdviceFormat(GetParam());
  AdviceReport report = SampleReport();
  report.rows.push_back(report.rows.back());
  report.rows.back().key.workload = "..|<b>\"x'\n|&";  // becomes the same name
  std::set<std::string> names;
  for (const AdviceFile& file : RenderFiles(format, report)) {
    EXPECT_TRUE(names.insert(file.name).second) << file.name;
    EXPECT_EQ(file.name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789-._"),
              std::string::npos)
        << file.name;
    EXPECT_NE(file.name.front(), '.');
    EXPECT_FALSE(file.text.empty());
  }
  EXPECT_GE(names.size(), 4U);
}

INSTANTIATE_TEST_SUITE_P(Formats, EveryFormat, testing::ValuesIn(AdviceFormatNames()),
                         [](const auto& one) {
                           std::string name = one.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(Formats, UnknownOne) { EXPECT_EQ(FindAdviceFormat("xls"), nullptr); }

std::vector<YamlNode> Documents(const std::string& text) {
  const auto documents = ParseYamlDocuments(text, "x.yaml");
  EXPECT_TRUE(documents.ok()) << documents.status() << text;
  return documents.ok() ? *documents : std::vector<YamlNode>();
}

// The node at a path of keys and places in lists; a null node when there is none.
YamlNode At(const YamlNode& root, std::string_view path) {
  const YamlNode* node = &root;
  for (const std::string_view key : Split(path, '.')) {
    const bool index = node->IsSequence();
    const size_t place = index ? static_cast<size_t>(ParseInt(key).value()) : 0;
    if (index && place >= node->items.size()) return {};
    node = index ? &node->items[place] : node->Find(key);
    if (node == nullptr) return {};
  }
  return *node;
}

std::string ScalarAt(const YamlNode& root, std::string_view path) { return At(root, path).scalar; }

TEST(Patch, IsWhatKubectlTakes) {
  const auto documents = Documents(RenderPatch(SampleReport()));
  ASSERT_EQ(documents.size(), 4U);  // checkout, db, report, the one with the odd name
  const YamlNode& checkout = documents[0];
  EXPECT_EQ(ScalarAt(checkout, "apiVersion"), "apps/v1");
  EXPECT_EQ(ScalarAt(checkout, "kind"), "Deployment");
  EXPECT_EQ(ScalarAt(checkout, "metadata.namespace"), "shop");
  const YamlNode containers = At(checkout, "spec.template.spec.containers");
  ASSERT_EQ(containers.items.size(), 1U) << "the proxy has no data";
  EXPECT_EQ(ScalarAt(containers, "0.name"), "app");
  EXPECT_EQ(ScalarAt(containers, "0.resources.requests.cpu"), "250m");
  EXPECT_EQ(ScalarAt(containers, "0.resources.requests.memory"), "300Mi");
  EXPECT_EQ(ScalarAt(containers, "0.resources.limits.cpu"), "2") << "stays";
  EXPECT_EQ(ScalarAt(containers, "0.resources.limits.memory"), "360Mi");
  const YamlNode& db = documents[1];
  EXPECT_EQ(ScalarAt(db, "spec.template.spec.containers.0.resources.limits.cpu"), "1500m")
      << "raised to the request";
  const YamlNode& report = documents[2];
  EXPECT_EQ(ScalarAt(report, "apiVersion"), "batch/v1");
  EXPECT_EQ(ScalarAt(report, "spec.jobTemplate.spec.template.spec.containers.0.name"), "job");
  EXPECT_EQ(ScalarAt(documents[3], "metadata.name"), "../<b>\"x'\n|&");
  EXPECT_EQ(ScalarAt(documents[3], "spec.template.spec.containers.0.name"), "a: #\"'`");
}

TEST(Vpa, OnlyRecommends) {
  const auto documents = Documents(RenderVpa(SampleReport()));
  ASSERT_EQ(documents.size(), 5U);  // the Rollout too
  for (const YamlNode& vpa : documents) {
    EXPECT_EQ(ScalarAt(vpa, "apiVersion"), "autoscaling.k8s.io/v1");
    EXPECT_EQ(ScalarAt(vpa, "spec.updatePolicy.updateMode"), "Off");
    EXPECT_TRUE(At(vpa, "spec.updatePolicy.updateMode").quoted) << "Off is a boolean in YAML 1.1";
  }
  const YamlNode& checkout = documents[0];
  EXPECT_EQ(ScalarAt(checkout, "spec.targetRef.kind"), "Deployment");
  const YamlNode policies = At(checkout, "spec.resourcePolicy.containerPolicies");
  EXPECT_EQ(ScalarAt(policies, "0.minAllowed.cpu"), "125m");
  EXPECT_EQ(ScalarAt(policies, "0.maxAllowed.memory"), "600Mi");
  EXPECT_EQ(ScalarAt(policies, "1.mode"), "Off");
  const YamlNode annotations = At(checkout, "metadata.annotations");
  const YamlNode* target = annotations.Find("outrider.io/target.app");
  ASSERT_NE(target, nullptr);
  EXPECT_EQ(target->scalar, "cpu=250m,memory=300Mi");
}

TEST(Kustomize, PatchesStandInOrBesideIt) {
  const AdviceReport report = SampleReport();
  const YamlNode component = Documents(RenderKustomize(report)).at(0);
  EXPECT_EQ(ScalarAt(component, "kind"), "Component");
  ASSERT_EQ(At(component, "patches").items.size(), 4U);
  EXPECT_EQ(ScalarAt(component, "patches.0.target.name"), "checkout");
  const YamlNode inner = Documents(ScalarAt(component, "patches.1.patch")).at(0);
  EXPECT_EQ(ScalarAt(inner, "spec.template.spec.containers.0.name"), "postgres");
  const auto files = RenderFiles(*FindAdviceFormat("kustomize"), report);
  ASSERT_EQ(files.size(), 5U);
  const YamlNode beside = Documents(files.back().text).at(0);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(ScalarAt(beside, fmt::format("patches.{}.path", i)), files[i].name);
  }
}

TEST(Kustomize, NamesakesAreToldApartByNamespace) {
  AdviceReport report = SampleReport();
  report.rows.push_back(report.rows[0]);
  report.rows.back().key.namespace_name = "shop-staging";
  const YamlNode component = Documents(RenderKustomize(report)).at(0);
  EXPECT_EQ(ScalarAt(component, "patches.0.target.namespace"), "shop");
  EXPECT_TRUE(At(component, "patches.1.target.namespace").IsNull());
  EXPECT_EQ(ScalarAt(component, "patches.4.target.namespace"), "shop-staging");
}

TEST(Helm, KeysPerContainerWhereThereAreSeveral) {
  const auto documents = Documents(RenderHelm(SampleReport()));
  ASSERT_EQ(documents.size(), 5U);
  EXPECT_EQ(ScalarAt(documents[0], "app.resources.requests.cpu"), "250m");
  EXPECT_EQ(ScalarAt(documents[1], "resources.requests.cpu"), "1500m");
}

TEST(Yaml, SaysWhatJsonSays) {
  const YamlNode yaml = Documents(RenderYaml(SampleReport())).at(0);
  const YamlNode json = Documents(RenderJson(SampleReport())).at(0);  // JSON is YAML
  EXPECT_EQ(ScalarAt(yaml, "summary.containers"), "7");
  for (const char* path :
       {"summary.savings_dollars_per_month", "recommendations.0.cpu_cores.recommended.target",
        "recommendations.0.memory_bytes.reason", "recommendations.6.workload",
        "recommendations.2.memory_bytes.ooms", "namespaces.3.summary.grade"}) {
    EXPECT_EQ(ScalarAt(yaml, path), ScalarAt(json, path)) << path;
    EXPECT_FALSE(ScalarAt(yaml, path).empty()) << path;
  }
}

// Lines of equal length in cells, whatever stands in them.
TEST(Csv, ReadsAsATable) {
  for (const char* name : {"csv", "csv-raw"}) {
    const std::string text = FindAdviceFormat(name)->render(SampleReport());
    std::vector<std::vector<std::string>> lines(1);
    std::string cell;
    bool quoted = false;
    for (const char c : text) {
      if (c == '"') {
        quoted = !quoted;
      } else if (!quoted && (c == ',' || c == '\n')) {
        lines.back().push_back(cell);
        cell.clear();
        if (c == '\n') lines.emplace_back();
      } else if (quoted || c != '\r') {
        cell += c;
      }
    }
    ASSERT_EQ(lines.size(), 9U) << name;
    for (size_t i = 0; i < 8; ++i) EXPECT_EQ(lines[i].size(), lines[0].size()) << name << i;
  }
}

TEST(Csv, FormulasAreTexts) {
  AdviceReport report = SampleReport();
  report.rows[0].key.workload = "=HYPERLINK(1)";
  EXPECT_TRUE(Contains(RenderCsv(report), ",'=HYPERLINK(1),"));
}

TEST(Html, NamesAreNoMarkup) {
  const std::string text = RenderHtml(SampleReport());
  EXPECT_FALSE(Contains(text, "<b>"));
  EXPECT_TRUE(Contains(text, "&lt;b&gt;"));
  EXPECT_FALSE(Contains(text, "http")) << "nothing is fetched";
}

TEST(Table, NamesAreNoOrdersToTheTerminal) {
  AdviceReport report = SampleReport();
  report.rows[0].key.workload = "a\x1b[2Jb";
  EXPECT_TRUE(Contains(RenderTable(report), "a?[2Jb"));
}

// What cannot be changed while it runs is no command.
TEST(Kubectl, JobsAreMadeAnew) {
  AdviceReport report;
  report.rows = {MakeRow({"batch", "import", "Job"}, "job", 1, {1.0, {}, 0.5},
                         {1024 * kTestMib, {}, 512 * kTestMib})};
  const std::string text = RenderKubectl(report);
  EXPECT_EQ(text,
            "# batch/Job/import: what runs cannot be changed: apply it when it is made anew\n"
            "# kubectl --namespace=batch set resources job/import --containers=job "
            "--requests=cpu=500m,memory=512Mi\n");
}

// A sidecar of the pod's start stands in another list; a merge into `containers` would make one
// without an image.
TEST(InitContainers, StandInTheirList) {
  AdviceReport report;
  report.rows = {MakeRow({"shop", "api", "Deployment"}, "app", 1, {1.0, {}, 0.5}, {}),
                 MakeRow({"shop", "api", "Deployment"}, "istio-proxy", 1, {0.4, {}, 0.1}, {})};
  report.rows[1].init = true;
  const std::string init =
      "initContainers:\n      - name: istio-proxy\n        resources:\n          requests:\n"
      "            cpu: 100m\n";
  const std::string patch = RenderPatch(report);
  EXPECT_TRUE(Contains(patch, init)) << patch;
  EXPECT_TRUE(Contains(patch, "containers:\n      - name: app\n        resources:")) << patch;
  EXPECT_TRUE(Contains(RenderKustomize(report), "initContainers:")) << RenderKustomize(report);
  const std::string commands = RenderKubectl(report);
  EXPECT_TRUE(Contains(
      commands,
      "kubectl --namespace=shop patch deployment/api --patch='{\"spec\":{\"template\":{\"spec\":{"
      "\"initContainers\":[{\"name\":\"istio-proxy\",\"resources\":{\"requests\":{\"cpu\":"
      "\"100m\"}}}]}}}}'\n"))
      << commands;
  EXPECT_TRUE(Contains(commands, "set resources deployment/api --containers=app ")) << commands;
  report.rows.erase(report.rows.begin());
  EXPECT_FALSE(Contains(RenderPatch(report), "\n      containers:")) << RenderPatch(report);
}

// Who runs the whole file must not set both to the numbers of one.
TEST(Clusters, OneFileIsForOneOfThem) {
  AdviceReport both;
  both.rows = {MakeRow({"shared", "same", "StatefulSet", "east"}, "app", 1, {1.0, {}, 0.2}, {}),
               MakeRow({"shared", "same", "StatefulSet", "west"}, "app", 1, {1.0, {}, 0.4}, {}),
               MakeRow({"shared", "other", "StatefulSet", "west"}, "app", 1, {1.0, {}, 0.3}, {})};
  AdviceReport east;
  east.rows = {both.rows.front()};
  for (const char* name : {"patch", "vpa", "kustomize", "kubectl"}) {
    const AdviceFormat& format = *FindAdviceFormat(name);
    const std::string text = format.render(both);
    EXPECT_TRUE(Contains(text,
                         "# east/shared/StatefulSet/same: clusters east, west have one of "
                         "this name: ask for one of them (--cluster)"))
        << text;
    EXPECT_FALSE(Contains(text, "200m") || Contains(text, "400m")) << text;
    EXPECT_TRUE(Contains(text, "300m") && Contains(text, "of cluster west")) << text;
    const std::string of_one = format.render(east);
    EXPECT_TRUE(Contains(of_one, "200m")) << of_one;
    EXPECT_TRUE(Contains(of_one, "# east/shared/StatefulSet/same: of cluster east\n")) << of_one;
  }
  // Files of their own say it by their name; a component has one target.
  EXPECT_EQ(RenderFiles(*FindAdviceFormat("patch"), both).size(), 3U);
  EXPECT_EQ(RenderFiles(*FindAdviceFormat("kustomize"), both).size(), 2U);
}

// People are shown cost.currency; what programs read stays in dollars.
TEST(Currency, OfPeopleIsTheConfigured) {
  AdviceReport report;
  report.rows = {
      MakeRow({"shop", "api", "Deployment"}, "app", 1, {1.0, {}, 0.5, 1, false, 10}, {})};
  report.spend_per_month = 100;
  report.shown_currency = "EUR";
  report.shown_rate = 0.9;
  EXPECT_TRUE(Contains(RenderJson(report), R"("shown_currency":{"code":"EUR","rate":0.9})"));
  EXPECT_TRUE(Contains(RenderJson(report), R"("currency":"USD")"));
  ShowMoney(&report);
  EXPECT_TRUE(Contains(RenderTable(report), "9.00")) << RenderTable(report);
  EXPECT_TRUE(Contains(RenderTable(report), "Money in EUR")) << RenderTable(report);
  EXPECT_TRUE(Contains(RenderMarkdown(report), "90.00 EUR")) << RenderMarkdown(report);
  EXPECT_TRUE(Contains(RenderCsv(report), "Savings EUR/month")) << RenderCsv(report);
}

// Neither has a chart, a manifest or a patch.
TEST(Machines, ProcessesAndUnitsAreNoObjects) {
  AdviceReport report;
  report.rows = {MakeRow({"", "nginx.service", "SystemdUnit"}, "", 1, {1.0, {}, 0.5}, {}),
                 MakeRow({"", "postgres", "Process"}, "", 1, {1.0, {}, 0.5}, {})};
  for (const char* name : {"patch", "vpa", "kustomize", "kubectl", "helm"}) {
    const std::string text = FindAdviceFormat(name)->render(report);
    EXPECT_TRUE(Contains(text, "# SystemdUnit/nginx.service: no Kubernetes object")) << text;
    EXPECT_FALSE(Contains(text, "500m") || Contains(text, "custom resource")) << text;
  }
}

TEST(Remarks, SayWhatTheRailsMoved) {
  AdviceReport report;
  report.rows = {MakeRow({"shop", "api", "Deployment"}, "app", 1, {1.0, {}, 0.5}, {})};
  report.rows[0].cpu.guarded = true;
  EXPECT_TRUE(Contains(RenderTable(report), "CPU: moved to the nearest allowed value"));
  EXPECT_TRUE(Contains(RenderPatch(report), "CPU: moved to the nearest allowed value"));
}

TEST(Kubectl, NamesAreOneWord) {
  EXPECT_TRUE(Contains(RenderKubectl(SampleReport()),
                       R"('deployment/../<b>"x'\''?|&' --containers='a: #"'\''`' )"))
      << RenderKubectl(SampleReport());
}

}  // namespace
}  // namespace outrider
