#pragma once

#include <warren/version.hpp>

// WARREN_FOR_EACH(macro, a, b, ...) expands to `macro(a) macro(b) ...`, for up to 320 arguments.
// Each look of the preprocessor at all of them costs, and lengthens what it says of an error in
// one, so that each takes sixteen steps.

#define WARREN_PARENS ()
#define WARREN_EXPAND(...) \
    WARREN_EXPAND2(WARREN_EXPAND2(WARREN_EXPAND2(WARREN_EXPAND2(__VA_ARGS__))))
#define WARREN_EXPAND2(...) \
    WARREN_EXPAND1(WARREN_EXPAND1(WARREN_EXPAND1(WARREN_EXPAND1(__VA_ARGS__))))
#define WARREN_EXPAND1(...) __VA_ARGS__

#define WARREN_FOR_EACH(macro, ...) \
    __VA_OPT__(WARREN_EXPAND(WARREN_FOR_EACH_STEP(macro, __VA_ARGS__)))
#define WARREN_FOR_EACH_AGAIN() WARREN_FOR_EACH_STEP
#define WARREN_FOR_EACH_STEP(macro, first, ...) \
    macro(first) __VA_OPT__(WARREN_STEP_2(macro, __VA_ARGS__))
#define WARREN_STEP_2(macro, first, ...) macro(first) __VA_OPT__(WARREN_STEP_3(macro, __VA_ARGS__))
#define WARREN_STEP_3(macro, first, ...) macro(first) __VA_OPT__(WARREN_STEP_4(macro, __VA_ARGS__))
#define WARREN_STEP_4(macro, first, ...) macro(first) __VA_OPT__(WARREN_STEP_5(macro, __VA_ARGS__))
#define WARREN_STEP_5(macro, first, ...) macro(first) __VA_OPT__(WARREN_STEP_6(macro, __VA_ARGS__))
#define WARREN_STEP_6(macro, first, ...) macro(first) __VA_OPT__(WARREN_STEP_7(macro, __VA_ARGS__))
#define WARREN_STEP_7(macro, first, ...) macro(first) __VA_OPT__(WARREN_STEP_8(macro, __VA_ARGS__))
#define WARREN_STEP_8(macro, first, ...) macro(first) __VA_OPT__(WARREN_STEP_9(macro, __VA_ARGS__))
#define WARREN_STEP_9(macro, first, ...) macro(first) __VA_OPT__(WARREN_STEP_10(macro, __VA_ARGS__))
#define WARREN_STEP_10(macro, first, ...) \
    macro(first) __VA_OPT__(WARREN_STEP_11(macro, __VA_ARGS__))
#define WARREN_STEP_11(macro, first, ...) \
    macro(first) __VA_OPT__(WARREN_STEP_12(macro, __VA_ARGS__))
#define WARREN_STEP_12(macro, first, ...) \
    macro(first) __VA_OPT__(WARREN_STEP_13(macro, __VA_ARGS__))
#define WARREN_STEP_13(macro, first, ...) \
    macro(first) __VA_OPT__(WARREN_STEP_14(macro, __VA_ARGS__))
#define WARREN_STEP_14(macro, first, ...) \
    macro(first) __VA_OPT__(WARREN_STEP_15(macro, __VA_ARGS__))
#define WARREN_STEP_15(macro, first, ...) \
    macro(first) __VA_OPT__(WARREN_STEP_16(macro, __VA_ARGS__))
#define WARREN_STEP_16(macro, first, ...) \
    macro(first) __VA_OPT__(WARREN_FOR_EACH_AGAIN WARREN_PARENS(macro, __VA_ARGS__))
