#pragma once
#include "api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
