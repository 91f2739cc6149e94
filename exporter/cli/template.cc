// SPDX-License-Identifier: Apache-2.0
// outrider template render: what a template makes of a notification, with amtool's flags.
#include <fmt/format.h>

#include <cstdio>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "notifiers/channel/template_file.h"
#include "notifiers/channel/templates.h"
#include "storage/base/file.h"

namespace outrider {
namespace {

StatusOr<std::string> Render(const TemplateRenderOptions& options, const Environment& env) {
  const tmpl::TemplateSet templates =
      TRY(LoadNotificationTemplates(options.globs, ".", &env.clock));
  const TemplateData data = options.data_file.empty()
                                ? SampleTemplateData(env.clock.NowNanos())
                                : TRY(ParseTemplateData(TRY(ReadFile(options.data_file))));
  const tmpl::Value value = TemplateValue(data);
  return options.type == "html" ? templates.ExecuteHtml(options.text, value)
                                : templates.ExecuteText(options.text, value);
}

}  // namespace

int RunTemplateRender(const TemplateRenderOptions& options, const Environment& env) {
  const StatusOr<std::string> text = Render(options, env);
  if (!text.ok()) return Fail(text.status());
  std::fwrite(text->data(), 1, text->size(), stdout);
  return 0;
}

}  // namespace outrider
