// Precompiled for the modules above the codecs: the headers of this project through which nearly every unit
// of theirs sees objects, results and coroutines. Only what seldom changes belongs here, for each change
// rebuilds them all.
#pragma once
#include "base.h"

#include "api/descriptor.h"
#include "api/gen/corev1.h"
#include "api/gen/metav1.h"
#include "api/object.h"
#include "api/scheme.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/context.h"
#include "base/executor.h"
#include "base/logger.h"
#include "base/result.h"
#include "base/scope.h"
#include "base/status.h"
#include "base/sync.h"
#include "base/task.h"
#include "codec/json.h"
#include "codec/value.h"
