"""Compiles the hot modules when a C compiler is there: all of them or none (CAPLET_EXTENSIONS=auto|require|no|checked)."""

import os
import sys
import tempfile
from pathlib import Path

from setuptools import Extension, setup

MODULES = [f"caplet.{name}" for name in Path("src/caplet/compiled_modules.txt").read_text().split()]
OPTIONS = dict.fromkeys(["annotation_typing", "boundscheck", "wraparound", "initializedcheck"], False)
FLAGS, WORKERS = ([], 0) if os.name == "nt" else (["-O2", "-g0"], os.cpu_count())
PROBE = "#include <Python.h>\nint main(void) { return Py_IsInitialized(); }\n"


def probe() -> str:
    """Compile and link two lines; return what went wrong, or nothing."""
    from distutils.ccompiler import new_compiler  # setuptools brings it where Python no longer does
    from distutils.sysconfig import customize_compiler, get_python_inc

    include = [get_python_inc(), get_python_inc(plat_specific=True)]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "probe.c").write_text(PROBE)
        try:
            compiler = new_compiler()
            customize_compiler(compiler)
            objects = compiler.compile([f"{folder}/probe.c"], output_dir=folder, include_dirs=include)
            compiler.link_shared_object(objects, f"{folder}/probe.so")
        except Exception as error:  # whatever a missing or broken compiler raises
            return f"{type(error).__name__}: {error}"
    return ""


wanted = os.environ.get("CAPLET_EXTENSIONS", "auto")
if wanted not in ("auto", "require", "no", "checked"):
    sys.exit(f"caplet: CAPLET_EXTENSIONS is auto, require, no or checked, not {wanted!r}")
if wanted == "checked":  # what the compiler is to watch is said by scripts/run_checked.py
    FLAGS, OPTIONS = [], {**OPTIONS, "boundscheck": True, "initializedcheck": True}
problem = "CAPLET_EXTENSIONS=no" if wanted == "no" else probe()
if problem and wanted in ("require", "checked"):
    sys.exit(f"caplet: CAPLET_EXTENSIONS={wanted}, but extensions cannot be compiled: {problem}")
extensions = []
if problem:
    print(f"caplet: pure Python, nothing is compiled ({problem})", file=sys.stderr)
else:
    from Cython.Build import cythonize

    parts = [Extension(m, [f"src/{m.replace('.', '/')}.py"], extra_compile_args=FLAGS) for m in MODULES]
    extensions = cythonize(parts, nthreads=WORKERS, build_dir=f"build/cython-{wanted}", compiler_directives=OPTIONS)
setup(ext_modules=extensions, options={"build": {"build_base": f"build/{wanted}"}})  # one never holds what another left
