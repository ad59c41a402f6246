import { describeFaults } from './suite.js';

describeFaults('embedded');
