// SPDX-License-Identifier: Apache-2.0
// The labels of a route, which may be templates and name each other by `routeLabels "name"`.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/channel/channel.h"
#include "rules/template/template.h"

namespace outrider {

// The method of RouteLabels that `routeLabels` calls while the labels are being rendered.
inline constexpr std::string_view kRenderRouteLabel = "renderRouteLabel";

// Whether any of them needs a notification to be rendered with.
bool NeedRendering(const std::map<std::string, std::string>& labels);

// The labels rendered with what the notification says, each once whatever others name it;
// `.RouteLabels` is their texts as they stand. One that cannot be rendered, or that names itself by
// way of others, is left out and told in `problems` (nullptr: nobody asks).
std::map<std::string, std::string> RenderRouteLabels(
    const std::map<std::string, std::string>& labels, const Notification& notification,
    const tmpl::TemplateSet& templates, std::vector<std::string>* problems);

}  // namespace outrider
