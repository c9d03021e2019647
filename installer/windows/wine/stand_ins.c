/* For tests under Wine 8 alone, never shipped: what Windows 10 has and this Wine lacks, by the library that is built.

   ICUUC             converters of text: none can be had, so Qt offers the codecs that are built into it
   MSCMS             colour profiles: there is none, which is a legal answer
   BCRYPTPRIMITIVES  random bytes for libraries written in Rust */
#define EXPORT __declspec(dllexport)

#ifdef BCRYPTPRIMITIVES
#include <windows.h>
#include <ntsecapi.h>
EXPORT BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count) { return RtlGenRandom(bytes, (ULONG)count); }
#endif

#ifdef MSCMS
EXPORT int GetColorProfileFromHandle(void *profile, void *bytes, unsigned *count) { return 0; }
EXPORT void *WcsCreateIccProfile(void *profile, unsigned options) { return 0; }
EXPORT int CloseColorProfile(void *profile) { return 1; }
EXPORT void *OpenColorProfileW(void *profile, unsigned access, unsigned share, unsigned mode) { return 0; }
#endif

#ifdef ICUUC
#define NOT_FOUND 2 /* U_MISSING_RESOURCE_ERROR */
#define NONE(error) do { if (error) *(error) = NOT_FOUND; } while (0)
EXPORT void *ucnv_open(const char *name, int *error) { NONE(error); return 0; }
EXPORT void ucnv_close(void *converter) {}
EXPORT void ucnv_reset(void *converter) {}
EXPORT void UCNV_FROM_U_CALLBACK_SUBSTITUTE(void) {}
EXPORT void UCNV_TO_U_CALLBACK_SUBSTITUTE(void) {}
EXPORT signed char ucnv_getMaxCharSize(void *converter) { return 1; }
EXPORT const char *ucnv_getName(void *converter, int *error) { NONE(error); return 0; }
EXPORT void ucnv_getToUCallBack(void *converter, void **action, const void **context) { *action = 0; *context = 0; }
EXPORT void ucnv_getFromUCallBack(void *converter, void **action, const void **context) { *action = 0; *context = 0; }
EXPORT void ucnv_setToUCallBack(void *c, void *a, const void *b, void **d, const void **e, int *error) { NONE(error); }
EXPORT void ucnv_setFromUCallBack(void *c, void *a, const void *b, void **d, const void **e, int *error) { NONE(error); }
EXPORT void ucnv_cbToUWriteUChars(void *a, const void *s, int n, int o, int *error) { NONE(error); }
EXPORT void ucnv_cbFromUWriteUChars(void *a, const void **s, const void *l, int o, int *error) { NONE(error); }
EXPORT void ucnv_toUnicode(void *c, void *t, void *tl, void *s, void *sl, int *o, char f, int *error) { NONE(error); }
EXPORT void ucnv_fromUnicode(void *c, void *t, void *tl, void *s, void *sl, int *o, char f, int *error) { NONE(error); }
EXPORT int ucnv_toUCountPending(void *converter, int *error) { NONE(error); return 0; }
EXPORT int ucnv_fromUCountPending(void *converter, int *error) { NONE(error); return 0; }
EXPORT const char *ucnv_getStandardName(const char *name, const char *standard, int *error) { NONE(error); return 0; }
EXPORT const char *ucnv_getAvailableName(int number) { return 0; }
EXPORT int ucnv_countAvailable(void) { return 0; }
#endif
