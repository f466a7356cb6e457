"""How compiled kernels are loaded: without the bitcode beside them, which only compiling asks for.

Numba 0.68 reads a kernel's bitcode each time that it loads the kernel, to know which names it defines. That is nine tenths of loading, and
was a quarter of all that a small round takes. Here the names are kept too, and the bitcode is read where another kernel takes this one in.
"""

from __future__ import annotations

from typing import Any, Self, cast

from llvmlite import binding
from numba.core.codegen import JITCodeLibrary, JITCPUCodegen

KIND = "object, bitcode and names"
"""Told from numba's own two kinds, which others' compiled functions are kept as."""


class QuickLibrary(JITCodeLibrary):
    """What numba holds of one compiled function."""

    _bitcode: bytes | None = None

    def serialize_using_object_code(self) -> tuple[str, str, tuple[bytes, bytes, frozenset[str]]]:
        """What is kept beside the module."""
        name, _, (code, bitcode) = super().serialize_using_object_code()
        module = self._get_module_for_linking()
        values = (value for some in (module.functions, module.global_variables) for value in some)
        return name, KIND, (code, bitcode, frozenset(value.name for value in values if not value.is_declaration))

    @classmethod
    def _unserialize(cls, codegen: JITCPUCodegen, kept: tuple[str, str, Any]) -> Self:
        name, kind, data = kept
        if kind != KIND:
            return cast("Self", super()._unserialize(codegen, kept))
        code, bitcode, names = data
        library: Self = codegen.create_library(name)
        library._bitcode = bitcode
        library.enable_object_caching()
        library._set_compiled_object(code)
        library._finalize_final_module()
        codegen._engine._defined_symbols.update(names)
        return library

    def _get_module_for_linking(self) -> binding.ModuleRef:
        if self._shared_module is None and self._bitcode is not None:
            self._shared_module = binding.parse_bitcode(self._bitcode)
        return super()._get_module_for_linking()


def load_quickly() -> None:
    """From now on in this process."""
    JITCPUCodegen._library_class = QuickLibrary
