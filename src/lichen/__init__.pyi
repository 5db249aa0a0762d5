from . import probe as probe
from . import textures as textures
from .canvas import Canvas as Canvas
from .errors import LichenError as LichenError
from .exemplar import Exemplar as Exemplar
from .faces.texture_synthesis_cnn import TextureSynthesisCNN as TextureSynthesisCNN
from .image import read_image as read_image
from .image import write_image as write_image
from .method import Context as Context
from .method import Method as Method
from .portilla_simoncelli.measurement import (
    PortillaSimoncelliStatistics as PortillaSimoncelliStatistics,
)
from .portilla_simoncelli.measurement import (
    portilla_simoncelli_statistics as portilla_simoncelli_statistics,
)
from .quality.card import Card as Card
from .quality.card import Comparison as Comparison
from .quality.card import compare as compare
from .quality.discrimination import Sameness as Sameness
from .quality.discrimination import same as same
from .result import Provenance as Provenance
from .result import Result as Result
from .result import read_provenance as read_provenance
from .run.loop import Run as Run
from .run.loop import RunInterruptedError as RunInterruptedError
from .run.mixing import random_weights as random_weights
from .run.synthesis import finish as finish
from .run.synthesis import go_on as go_on
from .run.synthesis import iterate as iterate
from .run.synthesis import rerun as rerun
from .run.synthesis import resume as resume
from .run.synthesis import synthesize as synthesize
from .run.verbs import analogy as analogy
from .run.verbs import extend as extend
from .run.verbs import fill as fill
from .run.verbs import mix as mix
from .run.verbs import strip as strip
from .run.verbs import transfer as transfer
from .source_map import SourceMap as SourceMap
from .step import Step as Step

__version__: str
