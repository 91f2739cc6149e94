// SPDX-License-Identifier: Apache-2.0
// The data of a template from a JSON file, in the layout of Alertmanager's template.Data, for
// `outrider template render`.
#pragma once

#include <string_view>

#include "notifiers/channel/notification_data.h"
#include "storage/base/status.h"

namespace outrider {

// Keys as in the webhook's payload (receiver, status, alerts, groupLabels, …); names are matched
// without regard to case, unknown ones ignored, as Go's encoding/json does. Errors name the key.
StatusOr<TemplateData> ParseTemplateData(std::string_view json);
// What is shown when no file is given: one alert that fires and one that is over.
TemplateData SampleTemplateData(Nanos now);

}  // namespace outrider
